//! Service instances as processes that start, stop and die.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use sql_store::SqlStore;
use sync_core::{ConnectionId, FlowName, Store as _};
use tokio::process::{Child, Command};

use crate::{database::Database, deals, world::World};

/// About this often an instance is killed.
const BETWEEN_KILLS: Duration = Duration::from_secs(7);
/// A killed instance is back after at most this many seconds.
const LONGEST_ABSENCE: u64 = 6;
/// The flow of customers and accounts.
const CUSTOMERS: &str = "customers";
/// How often a command's memory is looked at.
const LOOK_AT_MEMORY: Duration = Duration::from_millis(20);
/// How often feeds are polled.
const POLL_SECONDS: u64 = 2;

#[derive(Debug)]
struct Instance {
    config: PathBuf,
    child: Option<Child>,
    back_at: Duration,
}

pub(crate) struct Instances {
    program: PathBuf,
    log: PathBuf,
    instances: Vec<Instance>,
    random: fastrand::Rng,
    next_kill: Duration,
    pub(crate) store: SqlStore,
    /// The flows that are on, parents first.
    flows: Vec<&'static str>,
    pub(crate) kills: u64,
    pub(crate) stops: u64,
    pub(crate) starts: u64,
    /// Instances that ended by themselves, which none should.
    pub(crate) deserted: u64,
}

impl Instances {
    pub(crate) async fn new(
        world: &World,
        database: &Database,
        count: usize,
        log: Option<PathBuf>,
        random: fastrand::Rng,
    ) -> Self {
        let folder = world.folder();
        let instances = (0..count.max(1)).map(|index| Instance {
            config: world.configuration(database, index, POLL_SECONDS),
            child: None,
            back_at: Duration::ZERO,
        });
        Self {
            program: program(),
            log: log.unwrap_or_else(|| folder.join("instances.log")),
            instances: instances.collect(),
            random,
            next_kill: BETWEEN_KILLS,
            store: database.open().await,
            flows: if world.deals.is_empty() {
                vec![CUSTOMERS]
            } else {
                vec![CUSTOMERS, deals::FLOW]
            },
            kills: 0,
            stops: 0,
            starts: 0,
            deserted: 0,
        }
    }

    /// One instance that polls so often.
    pub(crate) async fn polling(world: &World, database: &Database, seconds: u64) -> Self {
        let mut instances = Self::new(world, database, 1, None, fastrand::Rng::new()).await;
        instances.instances[0].config = world.configuration(database, 0, seconds);
        instances
    }

    fn command(&self, config: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .arg("--config")
            .arg(config)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Plans, approves and carries out the first sync of every flow, as an operator does. Returns the most memory that it
    /// took, in KiB.
    pub(crate) async fn first_sync(&self) -> u64 {
        let config = &self.instances[0].config;
        let mut peak = 0;
        for flow in &self.flows {
            let (plan, took) = self.to_its_end(config, &["plan", "--flow", flow]).await;
            peak = peak.max(took);
            let name = plan_name(&plan, flow);
            let (_, took) = self.to_its_end(config, &["apply", name]).await;
            peak = peak.max(took);
        }
        assert_eq!(queued(&self.store).await, 0, "apply left work behind");
        peak
    }

    /// What a command printed, and the most memory that it took, in KiB.
    async fn to_its_end(&self, config: &Path, arguments: &[&str]) -> (String, u64) {
        let mut command = self.command(config, arguments);
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let id = child.id().unwrap();
        let end = child.wait_with_output();
        tokio::pin!(end);
        let mut peak = 0;
        let output = loop {
            tokio::select! {
                output = &mut end => break output.unwrap(),
                () = tokio::time::sleep(LOOK_AT_MEMORY) => peak = peak.max(high_water_mark(id)),
            }
        };
        assert!(
            output.status.success(),
            "{arguments:?} failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        (String::from_utf8(output.stdout).unwrap(), peak)
    }

    fn start(&mut self, index: usize) {
        let log = File::options()
            .create(true)
            .append(true)
            .open(&self.log)
            .unwrap();
        let mut command = self.command(&self.instances[index].config, &["run", "-v"]);
        command
            .stdout(Stdio::from(log.try_clone().unwrap()))
            .stderr(Stdio::from(log));
        self.instances[index].child = Some(command.spawn().unwrap());
        self.starts += 1;
    }

    /// Starts those that do not run.
    pub(crate) fn start_all(&mut self) {
        for index in 0..self.instances.len() {
            if self.instances[index].child.is_none() {
                self.start(index);
            }
        }
    }

    /// Starts again those that ended by themselves, and counts them: a service must not.
    pub(crate) fn restart_dead(&mut self) {
        for index in 0..self.instances.len() {
            let child = self.instances[index].child.as_mut();
            if let Some(Ok(Some(status))) = child.map(Child::try_wait) {
                println!("instance {index} ended by itself: {status}");
                self.deserted += 1;
                self.start(index);
            }
        }
    }

    /// Kills one, if it is time, and brings back those whose absence is over.
    pub(crate) async fn suffer(&mut self, now: Duration) {
        self.restart_dead();
        for index in 0..self.instances.len() {
            let instance = &self.instances[index];
            if instance.child.is_none() && now >= instance.back_at {
                self.start(index);
            }
        }
        if now < self.next_kill {
            return;
        }
        self.next_kill = now + self.random.u32(20..=180) * BETWEEN_KILLS / 100;
        let index = self.random.usize(0..self.instances.len());
        let Some(mut child) = self.instances[index].child.take() else {
            return;
        };
        self.instances[index].back_at =
            now + Duration::from_secs(self.random.u64(0..=LONGEST_ABSENCE));
        // One in four is asked to stop, as for a new version; the others have no warning.
        if self.random.u8(0..4) == 0 {
            terminate(&child).await;
            self.stops += 1;
        } else {
            child.start_kill().unwrap();
            self.kills += 1;
        }
        child.wait().await.unwrap();
    }

    /// Asks all to stop and waits for them.
    pub(crate) async fn stop_all(&mut self) {
        for instance in &mut self.instances {
            if let Some(mut child) = instance.child.take() {
                terminate(&child).await;
                child.wait().await.unwrap();
            }
        }
    }

    /// Everything that instances said.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

async fn terminate(child: &Child) {
    let Some(id) = child.id() else { return };
    let sent = Command::new("kill")
        .args(["-TERM", &id.to_string()])
        .status()
        .await;
    sent.unwrap();
}

/// The most memory that a process has held so far, in KiB; 0 where the system does not say.
fn high_water_mark(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.unwrap_or(0)
}

/// The service stands beside this program's folder.
fn program() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let folder = own.parent().unwrap().parent().unwrap();
    let program = folder.join("sync-service");
    assert!(
        program.exists(),
        "{} is missing: build the package sync-service with the same profile first",
        program.display()
    );
    program
}

/// What a printed plan of `flow` is taken up by, such as `customers:3f9a`.
fn plan_name<'a>(plan: &'a str, flow: &str) -> &'a str {
    let mut words = plan.split_whitespace();
    let name = words.find(|word| {
        let hash = word
            .strip_prefix(flow)
            .and_then(|rest| rest.strip_prefix(':'));
        hash.is_some_and(|hash| hash.len() > 8)
    });
    name.unwrap_or_else(|| panic!("the plan has no name:\n{plan}"))
}

pub(crate) fn connection() -> ConnectionId {
    ConnectionId::from("main")
}

/// The flows of this run.
pub(crate) fn flows() -> Vec<FlowName> {
    [CUSTOMERS, deals::FLOW].map(FlowName::from).to_vec()
}

/// Jobs that wait, in all flows.
pub(crate) async fn queued(store: &SqlStore) -> u64 {
    let mut queued = 0;
    for flow in flows() {
        queued += store.counts(&connection(), &flow).await.unwrap().queued;
    }
    queued
}
