//! Processes that share a credential: tokens end, answers are lost, processes die, and there are never two renewals under
//! way at once.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use async_trait::async_trait;
use client_core::{
    AuthError, CasError, MemoryTokenStore, RefreshToken, Sleep, StoredToken, TokenCache, TokenKey,
    TokenRevision, TokenStore, TokenStoreError,
};
use futures::{FutureExt, task::noop_waker_ref};
use jiff::Timestamp;

use super::{fault::FaultClass, promise::Promise, state::Handle};
use crate::{clock::Clock, mutant::bug, testing::ManualClock};

/// No request for a token takes longer: its caller's time-out sees to that.
const LONGEST_CALL: Duration = Duration::from_secs(30);
const PROCESSES: usize = 3;
const STEPS: usize = 150;

type Task = Pin<Box<dyn Future<Output = String> + Send>>;

/// What the processes share.
#[derive(Clone)]
struct Office {
    handle: Handle,
    clock: ManualClock,
    tokens: MemoryTokenStore,
    renewals: Arc<Mutex<Renewals>>,
}

#[derive(Default)]
struct Renewals {
    made: u64,
    /// When each began that has not ended.
    under_way: Vec<(u64, Timestamp)>,
}

impl fmt::Debug for Office {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Office")
    }
}

/// A process that needs tokens.
struct Process {
    cache: Arc<TokenCache>,
    task: Option<Task>,
}

/// Lets processes share a credential for a while, then asks each for a token.
pub(super) fn run(handle: &Handle) {
    let office = Office {
        handle: handle.clone(),
        clock: ManualClock::new(),
        tokens: MemoryTokenStore::new(),
        renewals: Arc::default(),
    };
    handle.lock().calm = false;
    let mut processes: Vec<Process> = (0..PROCESSES).map(|_| office.process()).collect();
    for _ in 0..STEPS {
        office.step(&mut processes);
    }
    handle.lock().calm = true;
    drop(processes);
    office.check();
}

impl Office {
    fn process(&self) -> Process {
        let shared = || Arc::new(self.clone());
        let cache = TokenCache::new(
            TokenKey::new("simulated"),
            shared(),
            shared(),
            shared(),
            shared(),
        );
        Process {
            // Early renewals are spread at random.
            cache: Arc::new(cache.refresh_early(Duration::ZERO)),
            task: None,
        }
    }

    fn step(&self, processes: &mut [Process]) {
        let (choice, number) = {
            let random = &mut self.handle.lock().random;
            (random.below(100), random.index(processes.len()))
        };
        let Some(process) = processes.get_mut(number) else {
            return;
        };
        match choice {
            0..=69 => self.go_on(number, process),
            70..=95 => self.time_passes(),
            _ => {
                let mut state = self.handle.lock();
                if state.is_allowed(FaultClass::Crash) {
                    state.counts.count(FaultClass::Crash);
                    state.trace.note(format_args!("process {number} dies"));
                    drop(state);
                    *process = self.process();
                }
            }
        }
    }

    fn go_on(&self, number: usize, process: &mut Process) {
        let mut task = match process.task.take() {
            Some(task) => task,
            None => self.next_task(&process.cache),
        };
        let mut context = Context::from_waker(noop_waker_ref());
        match task.as_mut().poll(&mut context) {
            Poll::Pending => process.task = Some(task),
            Poll::Ready(what) => {
                let mut state = self.handle.lock();
                state.trace.note(format_args!("process {number} {what}"));
            }
        }
    }

    fn next_task(&self, cache: &Arc<TokenCache>) -> Task {
        let refused = self.handle.lock().strikes(FaultClass::TokenEnded, 4);
        let cache = Arc::clone(cache);
        Box::pin(async move {
            let token = match cache.access_token().await {
                Ok(token) => token,
                Err(error) => return format!("has no token: {error}"),
            };
            if refused {
                let _ = cache.refused(&token.secret).await;
                return "has a token that is refused".to_owned();
            }
            "has a token".to_owned()
        })
    }

    fn time_passes(&self) {
        let by = {
            let random = &mut self.handle.lock().random;
            let longest = if random.one_in(8) { 120_000 } else { 1_500 };
            random.below(longest)
        };
        self.clock.advance(Duration::from_millis(by));
    }

    /// Nothing goes wrong any more: whoever asks gets a token.
    fn check(&self) {
        for _ in 0..PROCESSES {
            let process = self.process();
            let token = process.cache.access_token().now_or_never();
            if !matches!(token, Some(Ok(_))) {
                let mut state = self.handle.lock();
                state.violated(Promise::Convergence, "a process gets no token");
            }
        }
    }

    fn renewals(&self) -> MutexGuard<'_, Renewals> {
        self.renewals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A renewal begins; the others must be over.
    fn begin(&self) -> u64 {
        let now = self.clock.now();
        let mut renewals = self.renewals();
        // The process may be gone; then its call is cut off.
        renewals.under_way.retain(|(_, since)| {
            let running = Duration::try_from(now.duration_since(*since));
            running.is_ok_and(|running| running < LONGEST_CALL)
        });
        renewals.made += 1;
        let number = renewals.made;
        renewals.under_way.push((number, now));
        let many = renewals.under_way.len();
        if many > 1 {
            let what = format!("{many} renewals of one credential are under way");
            self.handle.lock().violated(Promise::OneRenewal, what);
        }
        number
    }
}

impl client_core::Clock for Office {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

#[async_trait]
impl Sleep for Office {
    async fn sleep(&self, duration: Duration) {
        let until = self.clock.now() + duration;
        while self.clock.now() < until {
            if self.handle.lock().calm {
                self.clock.advance(duration);
                return;
            }
            self.handle.wait().await;
        }
    }
}

/// The server that gives tokens out.
#[async_trait]
impl RefreshToken for Office {
    async fn refresh(&self, _current: Option<&StoredToken>) -> Result<StoredToken, AuthError> {
        let began = self.clock.now();
        let number = self.begin();
        self.handle.pause().await;
        let (failed, life) = {
            let mut state = self.handle.lock();
            let failed = state.strikes(FaultClass::ServerError, 8)
                || state.strikes(FaultClass::AnswerLost, 8);
            (failed, 60 + state.random.below(600))
        };
        self.handle.pause().await;
        let is_another = |(other, _): &(u64, Timestamp)| *other != number;
        self.renewals().under_way.retain(is_another);
        let now = self.clock.now();
        let took = Duration::try_from(now.duration_since(began)).unwrap_or_default();
        if failed || took >= LONGEST_CALL {
            return Err(AuthError::Unavailable {
                reason: "timed out".to_owned(),
                source: None,
            });
        }
        Ok(StoredToken {
            access_token: Some(format!("token {number} of {now}").into()),
            expires_at: Some(now + Duration::from_secs(life)),
            ..StoredToken::default()
        })
    }
}

#[async_trait]
impl TokenStore for Office {
    async fn load(
        &self,
        key: &TokenKey,
    ) -> Result<Option<(StoredToken, TokenRevision)>, TokenStoreError> {
        self.handle.pause().await;
        let mut found = self.tokens.load(key).await?;
        if let Some((token, _)) = found.as_mut().filter(|_| bug!(TwoRefreshes)) {
            token.refresh_lease = None;
        }
        self.handle.pause().await;
        Ok(found)
    }

    async fn compare_and_swap(
        &self,
        key: &TokenKey,
        expected: Option<TokenRevision>,
        token: &StoredToken,
    ) -> Result<TokenRevision, CasError> {
        self.handle.pause().await;
        let lost = |state: &Handle, class| state.lock().strikes(class, 60);
        if lost(&self.handle, FaultClass::StoreUnavailable) {
            return Err(broken().into());
        }
        let revision = self.tokens.compare_and_swap(key, expected, token).await?;
        self.handle.pause().await;
        if lost(&self.handle, FaultClass::StoreAnswerLost) {
            return Err(broken().into());
        }
        Ok(revision)
    }

    async fn delete(&self, key: &TokenKey) -> Result<(), TokenStoreError> {
        self.tokens.delete(key).await
    }
}

fn broken() -> TokenStoreError {
    TokenStoreError::new("using the token store", "connection lost")
}
