//! Takes up a changed configuration while the program runs.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::sync::mpsc;

use super::{live, signals::Renewal};
use crate::{
    config::Config,
    failure::Failure,
    service::{Live, Service},
    setup::Setup,
};

/// Pause between two looks at the file.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Sends what is to be worked with from now on whenever the file was changed, or a signal asks for it. A configuration
/// that is not right changes nothing, and is told.
pub(super) async fn watch(path: PathBuf, service: Arc<Service>, renewed: mpsc::Sender<Live>) {
    let mut renewal = Renewal::new();
    let mut known = fs::read_to_string(&path).ok();
    loop {
        let is_asked = tokio::select! {
            () = renewal.asked() => true,
            () = tokio::time::sleep(LOOK_EVERY) => false,
        };
        // A file that is being replaced may not be there for a moment.
        let now = fs::read_to_string(&path).ok();
        if !is_asked && (now.is_none() || now == known) {
            continue;
        }
        known = now;
        match renew(&path, &service).await {
            Ok(live) => {
                service.metrics.reload(true);
                if renewed.send(live).await.is_err() {
                    return;
                }
            }
            Err(failure) => {
                service.metrics.reload(false);
                let reason = failure.to_string();
                tracing::error!(
                    reason,
                    "the changed configuration is not taken up; the one before it stays in force"
                );
                service.refuse(reason);
            }
        }
    }
}

async fn renew(path: &Path, service: &Service) -> Result<Live, Failure> {
    let config = Config::read(path)?;
    let before = service.live();
    if fixed(&config) != fixed(&before.setup.config) {
        return Err(Failure::input(
            "connection, database, [secrets], [admin] and where [webhook] listens are taken up by a restart only",
        ));
    }
    let setup = Setup::open_on(config, before.setup.store.clone()).await?;
    live(setup, &service.metrics)
}

/// What cannot change while the program runs.
fn fixed(config: &Config) -> String {
    let webhook = config.webhook.as_ref();
    let webhook = webhook.map(|webhook| (webhook.listen, webhook.public_url.path()));
    // Secrets are named here, not read.
    format!(
        "{:?} {:?} {:?} {:?} {:?} {webhook:?}",
        config.connection, config.database, config.database_url, config.secrets, config.admin
    )
}
