//! The report in a browser: headless Chromium opens the page from disk and shows every finding. Where it is not installed
//! the test says so.

#![cfg(test)]

use std::path::Path;
use std::process::{Command, Stdio};

/// What the browser made of a page: its document after the script has run; `None` without a browser.
fn rendered(page: &Path) -> Option<String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("chromium");
    let browser = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .arg(format!("--user-data-dir={}", folder.display()))
        .args(["--virtual-time-budget=10000", "--dump-dom"])
        .arg(format!("file://{}", page.display()))
        .stderr(Stdio::null())
        .output();
    match browser {
        Ok(output) if output.status.success() => Some(String::from_utf8(output.stdout).unwrap()),
        _ => {
            println!("no Chromium here: the page is not opened");
            None
        }
    }
}

#[test]
fn the_page_shows_every_finding_in_a_browser() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (capture, page) = (folder.join("html.pcapng"), folder.join("report.html"));
    let impslint = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_impslint")).args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    impslint(&["craft", "--generate", "sessions=60,early=0.5,odd=0.3,seed=4", "-o", &text(&capture)]);
    let concise = impslint(&["check", &text(&capture), "--format", "concise", "-o", &format!("html={}", text(&page))]);
    let found = concise.lines().filter(|line| line.contains("]: ") || line.contains("] ")).count();
    assert!(found > 150, "{found}");
    let Some(shown) = rendered(&page) else { return };
    let status = format!("{found} of {found} findings, the first 100 shown");
    assert!(shown.contains(&status), "{status}");
    assert_eq!(shown.matches("<details").count(), 100);
    assert_eq!(shown.matches("<li>").count(), 11, "the use cases");
}
