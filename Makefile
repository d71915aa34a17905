# `make demo` runs the main job, `make test` passes the tests. Both install what is missing on
# Debian; everything else comes from crates.io.

BUILD = gcc libc6-dev
BROWSER = chromium chromium-driver fonts-liberation
SERVERS = postfix dovecot-imapd openssl
EDITOR = engine/testkit/editor
SCHEMATHESIS = engine/testkit/schemathesis

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

# What the tests talk to: a real browser, a real mail server, a real editor's language server, and
# what tries out the API.
tools: target/editor/installed target/schemathesis/installed
	@./tools.sh $(BUILD) $(BROWSER) $(SERVERS)

# Five seconds and 30 MB, once. An npm that is there already will do.
target/editor/installed: $(EDITOR)/package-lock.json
	@command -v npm >/dev/null || ./tools.sh nodejs npm
	@mkdir -p target/editor && cp $(EDITOR)/package.json $(EDITOR)/package-lock.json target/editor/
	npm ci --prefix target/editor --no-audit --no-fund --silent
	@touch $@

# Half a minute and 94 MB, once. A Python with venv that is there already will do.
target/schemathesis/installed: $(SCHEMATHESIS)/requirements.txt
	@python3 -c 'import ensurepip, venv' 2>/dev/null || ./tools.sh python3-venv
	python3 -m venv --clear target/schemathesis
	target/schemathesis/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@
