.PHONY: setup build demo test fuzz bench parity detectors

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

# libFuzzer with coverage, so many seconds for each target; fuzz/ and scripts/fuzz.sh say which, and how to go on for long.
fuzz: setup
	@scripts/fuzz.sh $(or $(TIME),60)

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

# From labelled clips (the folder of index.csv) to the ONNX files of detectors/traces, in steps that go on where they were stopped.
detectors: setup
	@scripts/detectors.sh "$(CLIPS)"
