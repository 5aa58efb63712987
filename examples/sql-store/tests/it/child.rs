//! Other processes: this test program starts itself again, with a role.

use std::{
    io::{BufRead, BufReader, Lines, Write},
    process::{Child, ChildStdout, Command, Stdio},
};

use jiff::Timestamp;

use crate::{block_on, crashes, processes};

const ROLE: &str = "SQL_STORE_TEST_ROLE";
const ADDRESS: &str = "SQL_STORE_TEST_ADDRESS";
const HOUR: &str = "SQL_STORE_TEST_HOUR";

/// A process with a role on a database.
pub(crate) struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// Starts a process that takes it to be `hour` o'clock, however long it runs.
    pub(crate) fn start(role: &str, address: &str, hour: i64) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "child::process",
                "--exact",
                "--nocapture",
                "--test-threads=1",
            ])
            .env(ROLE, role)
            .env(ADDRESS, address)
            .env(HOUR, hour.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// What it reported next; none when it has ended.
    pub(crate) fn next_report(&mut self) -> Option<String> {
        let reports = self.lines.by_ref().map_while(Result::ok);
        reports
            .filter_map(|line| {
                line.split_once("report: ")
                    .map(|(_, report)| report.to_owned())
            })
            .next()
    }

    /// Lets it go on that [waits](wait_for_start).
    pub(crate) fn go(&mut self) {
        self.child.stdin.take().unwrap().write_all(b"go\n").unwrap();
    }

    /// Ends it as a power switch would. It has no chance to do anything about it.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
    }

    /// What else it reported until it ended, and whether it ended well.
    pub(crate) fn wait(mut self) -> (Vec<String>, bool) {
        let reports = std::iter::from_fn(|| self.next_report()).collect();
        (reports, self.child.wait().unwrap().success())
    }
}

/// Tells the process that started this one. A line is out when this returns, so that a kill cannot take it back.
#[expect(
    clippy::print_stdout,
    reason = "how the process that started this one is told"
)]
pub(crate) fn report(text: &str) {
    println!("report: {text}");
}

/// Waits until the process that started this one says go.
pub(crate) fn wait_for_start() {
    report("ready");
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

pub(crate) fn hour(hour: i64) -> Timestamp {
    Timestamp::from_second(1_772_359_200 + hour * 3600).unwrap()
}

/// What another process does. Without a role, as when all tests are run, nothing.
#[test]
fn process() {
    let Ok(role) = std::env::var(ROLE) else {
        return;
    };
    let address = std::env::var(ADDRESS).unwrap();
    let now = hour(std::env::var(HOUR).unwrap().parse().unwrap());
    block_on(async {
        match role.as_str() {
            "work" => processes::work(&address, now).await,
            "open" => processes::open_at_once(&address).await,
            "write" => crashes::write_for_ever(&address, now).await,
            other => panic!("there is no role {other}"),
        }
    });
}
