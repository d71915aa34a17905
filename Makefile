# `make demo` runs the main job, `make test` passes the tests. Both install what is missing on
# Debian; everything else comes from crates.io.

BUILD = gcc libc6-dev
BROWSER = chromium chromium-driver fonts-liberation
SERVERS = postfix openssl

.PHONY: demo test lint bench tools

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

# What the tests talk to: a real browser, a real mail server.
tools:
	@./tools.sh $(BUILD) $(BROWSER) $(SERVERS)
