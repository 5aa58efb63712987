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

/// So many looks pass before the systems are asked again whether a flow that is off can run: a minute.
const LOOKS_BEFORE_ASKING: u32 = 30;

/// Sends what is to be worked with from now on whenever the file was changed, a signal asks for it, or a flow that was off
/// can run. A configuration that is not right changes nothing, and is told.
pub(super) async fn watch(path: PathBuf, service: Arc<Service>, renewed: mpsc::Sender<Live>) {
    let mut renewal = Renewal::new();
    let mut known = fs::read_to_string(&path).ok();
    let mut looks = 0;
    loop {
        let is_asked = tokio::select! {
            () = renewal.asked() => true,
            () = tokio::time::sleep(LOOK_EVERY) => false,
        };
        // A file that is being replaced may not be there for a moment.
        let now = fs::read_to_string(&path).ok();
        if !is_asked && (now.is_none() || now == known) {
            looks += 1;
            if looks % LOOKS_BEFORE_ASKING == 0
                && let Some(live) = more_flows(&path, &service).await
                && renewed.send(live).await.is_err()
            {
                return;
            }
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

/// What is to be worked with now that more flows can run than before. What kept one from running, such as a system that
/// answered with a log-in page while the service started, must not keep it off for ever.
async fn more_flows(path: &Path, service: &Service) -> Option<Live> {
    let before = service.live();
    if !before.setup.flows.off.iter().any(|off| off.wanted) {
        return None;
    }
    let live = renew(path, service).await.ok()?;
    let more = live.setup.flows.on.len() > before.setup.flows.on.len();
    more.then_some(live)
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
