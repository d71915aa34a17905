"""The shipped workflow beside Playwright and Selenium: the page of the RPA challenge, by its own clock.

In: the program `botswain`. Each fills ten rounds of seven fields from the same sheet, in Debian's
Chromium with the same switches, five times in turns; the page says how long it took and how many of
the fields are right. Out: each median, and its share of Playwright's. Fails when a field is wrong,
or when the workflow takes more than half of Playwright's time.
"""

import csv
import functools
import http.server
import json
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading

from playwright.sync_api import sync_playwright
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

ROUNDS = 5
GOAL, LIMIT = 1 / 3, 1 / 2
SAMPLE = pathlib.Path(__file__).resolve().parents[3] / "samples/rpa-challenge"
CHROMIUM, CHROMEDRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
SWITCHES = [
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions",
    "--disable-background-networking", "--disable-features=Translate,OptimizationHints,MediaRouter",
]
# The caption stands right before its field, which is all that the page offers.
FIELD = "xpath=//label[text()='{}']/following-sibling::input"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def serve():
    handler = functools.partial(Quiet, directory=str(SAMPLE))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def people():
    with open(SAMPLE / "people.csv", encoding="utf-8-sig", newline="") as sheet:
        return list(csv.DictReader(sheet))


def playwright(address, rows):
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        page = browser.new_page()
        page.goto(f"{address}/page.html")
        page.click("#start")
        for row in rows:
            for name, value in row.items():
                page.fill(FIELD.format(name), value)
            page.click("input[type=submit]")
        told = page.inner_text("#result")
        browser.close()
        return told


def selenium(address, rows):
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for switch in ["--headless=new", *SWITCHES]:
        options.add_argument(switch)
    driver = webdriver.Chrome(options=options, service=Service(CHROMEDRIVER))
    try:
        driver.get(f"{address}/page.html")
        driver.find_element(By.ID, "start").click()
        for row in rows:
            for name, value in row.items():
                driver.find_element(By.XPATH, FIELD.format(name).removeprefix("xpath=")).send_keys(value)
            driver.find_element(By.CSS_SELECTOR, "input[type=submit]").click()
        return driver.find_element(By.ID, "result").text
    finally:
        driver.quit()


def botswain(program, address):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder) / "challenge"
        shutil.copytree(SAMPLE, folder)
        settings = folder / "botswain.yaml"
        settings.write_text(settings.read_text().replace("http://127.0.0.1:8070", address))
        run = [program, "--dir", str(folder)]
        done = subprocess.run([*run, "run", "rpa-challenge"], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"botswain: {done.stderr}")
        shown = subprocess.run([*run, "runs", "show", "1", "--json"], capture_output=True, text=True, check=True)
        return json.loads(shown.stdout)["steps"][1]["output"]["result"]


def main():
    program = str(pathlib.Path(sys.argv[1]).resolve())
    address, rows = serve(), people()
    runners = {
        "botswain, the shipped workflow": lambda: botswain(program, address),
        "playwright, fill": lambda: playwright(address, rows),
        "selenium, typing": lambda: selenium(address, rows),
    }
    took = {name: [] for name in runners}
    for _ in range(ROUNDS):
        for name, run in runners.items():
            told = run()
            right, millis = re.fullmatch(r"(\d+) out of 70 fields in (\d+) ms", told).groups()
            if right != "70":
                sys.exit(f"{name}: {told}")
            took[name].append(int(millis))
    medians = {name: statistics.median(times) for name, times in took.items()}
    ours, theirs, _ = medians.values()
    for name, median in medians.items():
        print(f"{name:32} {median:6.0f} ms  {median / theirs:5.2f} of playwright  {took[name]}")
    share = ours / theirs
    verdict = "PASS" if share <= LIMIT else "MISS"
    goal = "reached" if share <= GOAL else "missed"
    print(f"{verdict}: {share:.2f} of playwright's time (at most {LIMIT}; the goal of a third is {goal})")
    sys.exit(share > LIMIT)


main()
