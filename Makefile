.PHONY: setup build demo test bench parity

setup:
	@scripts/setup.sh

build: setup
	cargo build --locked --release

# make demo CLIP=my.mp4 takes a clip of one's own.
demo: build
	@scripts/demo.sh "$(CLIP)"

test: setup
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	@scripts/deny.sh
	@scripts/test.sh

bench: build
	@scripts/bench-stamp.sh "$(CLIP)"
	@scripts/bench-audio.sh
	@scripts/bench-watermark.sh
	@scripts/bench-registry.sh
	@scripts/bench-newsroom.sh
	@scripts/bench-generation.sh
	@scripts/bench-fleet.sh

# The networks and the loop around them against live diffusers; downloads torch.
parity: setup
	@scripts/parity.sh
