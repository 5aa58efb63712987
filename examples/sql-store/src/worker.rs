//! Threads that own connections, so that nobody who awaits blocks an executor.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    thread::{Builder, JoinHandle},
};

use tokio::sync::oneshot;

use crate::{error::Error, sql::Session};

type Task = Box<dyn FnOnce(&mut dyn Session) + Send>;
type Tasks = Arc<Mutex<Receiver<Task>>>;

/// Connections, each on a thread of its own. A task goes to the first that is idle; with one connection, tasks run in
/// the order in which they are sent.
pub(crate) struct Workers {
    tasks: Option<Sender<Task>>,
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Starts `count` threads, each of which opens its connection; returns when all are open.
    pub(crate) async fn start<S: Session + 'static>(
        name: &str,
        count: usize,
        open: impl Fn() -> Result<S, Error> + Clone + Send + 'static,
    ) -> Result<Self, Error> {
        let (tasks, received) = channel();
        let received: Tasks = Arc::new(Mutex::new(received));
        let mut workers = Self {
            tasks: Some(tasks),
            threads: Vec::with_capacity(count),
        };
        for _ in 0..count {
            let (opened, is_open) = oneshot::channel();
            let (open, received) = (open.clone(), Arc::clone(&received));
            let thread = Builder::new()
                .name(name.to_owned())
                .spawn(move || match open() {
                    Ok(mut session) => {
                        // Who waits no longer has also dropped the sender of tasks.
                        let _ = opened.send(Ok(()));
                        serve(&mut session, &received);
                    }
                    Err(error) => {
                        let _ = opened.send(Err(error));
                    }
                })
                .map_err(Error::Thread)?;
            workers.threads.push(thread);
            is_open.await.map_err(|_| Error::Stopped)??;
        }
        Ok(workers)
    }

    /// Runs `task` on a thread. A task that was sent runs also when its caller no longer waits for it.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        task: impl FnOnce(&mut dyn Session) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        let task: Task = Box::new(move |session| {
            let _ = answer.send(task(session));
        });
        let tasks = self.tasks.as_ref().ok_or(Error::Stopped)?;
        tasks.send(task).map_err(|_| Error::Stopped)?;
        answered.await.map_err(|_| Error::Stopped)?
    }
}

fn serve(session: &mut dyn Session, tasks: &Tasks) {
    loop {
        // The lock is for waiting only: it is given back before the task begins.
        let next = tasks.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match next {
            Ok(task) => task(session),
            Err(_) => return,
        }
    }
}

impl Drop for Workers {
    /// Waits for what was sent, so that the database is closed when the store is gone.
    fn drop(&mut self) {
        drop(self.tasks.take());
        for thread in self.threads.drain(..) {
            // A thread that panicked has told so already.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let running = self.threads.iter().filter(|thread| !thread.is_finished());
        f.debug_struct("Workers")
            .field("running", &running.count())
            .finish()
    }
}
