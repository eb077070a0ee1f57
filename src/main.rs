//! The `impslint` command.

fn main() {}
