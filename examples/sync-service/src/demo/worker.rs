//! The service itself, as a process of its own that can be killed.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::process::{Child, Command};

use crate::failure::Failure;

/// Secrets go to the worker through its environment, as an operator would hand them over.
pub(crate) type Secrets = [(&'static str, String)];

/// A running `sync-service run`.
#[derive(Debug)]
pub(crate) struct Worker {
    child: Child,
}

/// Where workers write what they say. All of them append to one file, which is searched for secrets at the end.
pub(crate) fn log_path(folder: &Path) -> PathBuf {
    folder.join("worker.log")
}

impl Worker {
    /// Starts a worker on the configuration in `folder`.
    pub(crate) fn start(folder: &Path, config: &Path, secrets: &Secrets) -> Result<Self, Failure> {
        let broken =
            |error: std::io::Error| Failure::broken(format!("cannot start the worker: {error}"));
        let log = File::options()
            .create(true)
            .append(true)
            .open(log_path(folder))
            .map_err(broken)?;
        let child = Command::new(std::env::current_exe().map_err(broken)?)
            .arg("run")
            .arg("--config")
            .arg(config)
            .arg("-vv")
            .envs(secrets.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::from(log.try_clone().map_err(broken)?))
            .stderr(Stdio::from(log))
            .kill_on_drop(true)
            .spawn()
            .map_err(broken)?;
        Ok(Self { child })
    }

    /// Fails if the worker has ended by itself.
    pub(crate) fn check(&mut self, folder: &Path) -> Result<(), Failure> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => {
                let log = fs::read_to_string(log_path(folder)).unwrap_or_default();
                let last: Vec<&str> = log.lines().rev().take(5).collect();
                let last: Vec<&str> = last.into_iter().rev().collect();
                Err(Failure::broken(format!(
                    "the worker ended ({status}); its last words:\n{}",
                    last.join("\n")
                )))
            }
            Err(error) => Err(Failure::broken(format!("cannot watch the worker: {error}"))),
        }
    }

    /// Kills it without warning, as a power cut would.
    pub(crate) async fn kill(mut self) -> Result<(), Failure> {
        self.child
            .kill()
            .await
            .map_err(|error| Failure::broken(format!("cannot kill the worker: {error}")))
    }
}
