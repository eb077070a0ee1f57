# Recipes for those who have `just`; each is one or two commands that work without it.

# What is there.
default:
    @just --list

# Everything that has to hold: what CI runs.
ready:
    bash .ci/run

# The quick round while working: compile, lint, test what changed.
quick *FILTER:
    cargo clippy --all-targets -- -D warnings
    cargo test {{FILTER}}

# The examples of one rule's page, or of all.
page RULE="":
    IMPSLINT_PAGE={{RULE}} cargo test --test pages

# Makes the samples and their expected reports anew. Read the difference before it is committed.
bless:
    IMPSLINT_BLESS=1 cargo test --test samples
    git diff --stat -- samples

# Counts the instructions of each stage and holds them against the baseline; `just instructions --bless` makes it anew.
instructions *ARGUMENTS:
    benches/instructions.sh {{ARGUMENTS}}

# Times each stage; FILTER picks some.
time FILTER="":
    cargo bench --bench time -- {{FILTER}}

# Measures impslint beside tshark, tcpdump and tcpflow.
compare *ARGUMENTS:
    cargo build --release
    benches/compare.py {{ARGUMENTS}}

# Checks a capture.
check *ARGUMENTS:
    cargo run --release -- check {{ARGUMENTS}}

# Fuzzes a target for ten minutes, or as long as said; needs nightly Rust and cargo-fuzz.
fuzz TARGET SECONDS="600":
    cargo +nightly fuzz run {{TARGET}} --sanitizer none -- -max_total_time={{SECONDS}} -timeout=10 -rss_limit_mb=2048

# Builds and opens the documentation.
doc:
    cargo doc --no-deps --open
