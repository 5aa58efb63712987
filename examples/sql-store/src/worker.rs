//! A thread that owns a connection, so that nobody who awaits blocks an executor.

use std::{
    fmt,
    sync::mpsc::{Receiver, Sender, channel},
    thread::{Builder, JoinHandle},
};

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::error::Error;

type Task = Box<dyn FnOnce(&mut Connection) + Send>;

/// One connection on one thread. Tasks run in the order in which they are sent.
pub(crate) struct Worker {
    tasks: Option<Sender<Task>>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts a thread that opens its connection; returns when it is open.
    pub(crate) async fn start(
        name: &str,
        open: impl FnOnce() -> Result<Connection, Error> + Send + 'static,
    ) -> Result<Self, Error> {
        let (tasks, received) = channel();
        let (opened, is_open) = oneshot::channel();
        let thread = Builder::new()
            .name(name.to_owned())
            .spawn(move || match open() {
                Ok(connection) => {
                    // Who waits no longer has also dropped the sender of tasks.
                    let _ = opened.send(Ok(()));
                    serve(connection, &received);
                }
                Err(error) => {
                    let _ = opened.send(Err(error));
                }
            })
            .map_err(Error::Thread)?;
        let worker = Self {
            tasks: Some(tasks),
            thread: Some(thread),
        };
        is_open.await.map_err(|_| Error::Stopped)??;
        Ok(worker)
    }

    /// Runs `task` on the thread. A task that was sent runs also when its caller no longer waits for it.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        task: impl FnOnce(&mut Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        let task: Task = Box::new(move |connection| {
            let _ = answer.send(task(connection));
        });
        let tasks = self.tasks.as_ref().ok_or(Error::Stopped)?;
        tasks.send(task).map_err(|_| Error::Stopped)?;
        answered.await.map_err(|_| Error::Stopped)?
    }
}

fn serve(mut connection: Connection, tasks: &Receiver<Task>) {
    while let Ok(task) = tasks.recv() {
        task(&mut connection);
    }
}

impl Drop for Worker {
    /// Waits for what was sent, so that the file is closed when the store is gone.
    fn drop(&mut self) {
        drop(self.tasks.take());
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has told so already.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker")
            .field(
                "running",
                &self.thread.as_ref().map(|thread| !thread.is_finished()),
            )
            .finish()
    }
}
