# The commands a person types. Each calls one script or cargo; nothing is decided here.
.DEFAULT_GOAL := help
.PHONY: help demo demo-reset test check bench chaos morning fuzz
export TSUMUGI_PORT TSUMUGI_TLS_PORT TSUMUGI_ADMIN_PORT

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

demo: ## install what is missing, build, start everything on http://localhost:8080 (TSUMUGI_PORT=…); Ctrl-C stops it
	@infra/local/demo

demo-reset: ## stop the demo and forget its data
	@infra/local/demo-reset

test: ## every check there is, with services of its own, beside a running demo
	@infra/local/test

check: ## formatting and lints only
	@infra/local/check

bench: ## speed and memory against the bare floor
	@infra/local/bench

chaos: ## kill and cut things under load and count what was lost
	@infra/local/chaos

morning: ## play two clinics' morning against the running demo, with faults, and count what was lost
	@infra/local/morning

fuzz: ## invented bytes against every reader of foreign input (TSUMUGI_FUZZ_S=30 seconds each)
	@infra/local/fuzz
