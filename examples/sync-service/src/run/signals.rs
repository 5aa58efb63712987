//! What the operating system tells the program.

/// Resolves when the program is asked to stop.
pub(super) async fn stop() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! {
                    _ = interrupt => {}
                    _ = terminate.recv() => {}
                }
            }
            Err(error) => {
                tracing::warn!(%error, "SIGTERM cannot be caught");
                let _ = interrupt.await;
            }
        }
    }
    #[cfg(not(unix))]
    let _ = interrupt.await;
}

/// The request to read the configuration anew, as often as it comes: SIGHUP, where there is one.
#[derive(Debug)]
pub(super) struct Renewal {
    #[cfg(unix)]
    hangup: Option<tokio::signal::unix::Signal>,
}

impl Renewal {
    pub(super) fn new() -> Self {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let hangup = signal(SignalKind::hangup());
            if let Err(error) = &hangup {
                tracing::warn!(%error, "SIGHUP cannot be caught");
            }
            Self {
                hangup: hangup.ok(),
            }
        }
        #[cfg(not(unix))]
        Self {}
    }

    /// Resolves with the next request.
    pub(super) async fn asked(&mut self) {
        #[cfg(unix)]
        if let Some(hangup) = &mut self.hangup
            && hangup.recv().await.is_some()
        {
            return;
        }
        std::future::pending().await
    }
}
