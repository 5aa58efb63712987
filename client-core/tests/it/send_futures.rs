//! Every future can move between the threads of a caller's runtime, and every type can be shared by them.

use client_core::{
    AccessToken, AuthError, Authorize, Call, CallError, Clock, ConcurrencyLimit, FileTokenStore,
    HttpTransport, MemoryTokenStore, NoAuth, Once, Pipeline, RefreshToken, Repeatable, Request,
    ReqwestTransport, RetryPolicy, Sleep, StoredToken, SystemClock, TokenCache, TokenStore,
    TokioSleep, TransportError, Upload,
};

use crate::doubles::{access, classify, key, start};

fn is_send<T: Send>(_: T) {}
fn is_shareable<T: Send + Sync + 'static>() {}

#[test]
fn the_types_can_be_shared() {
    is_shareable::<Pipeline>();
    is_shareable::<Call<Repeatable>>();
    is_shareable::<Call<Once>>();
    is_shareable::<CallError>();
    is_shareable::<TransportError>();
    is_shareable::<AuthError>();
    is_shareable::<AccessToken>();
    is_shareable::<StoredToken>();
    is_shareable::<TokenCache>();
    is_shareable::<ConcurrencyLimit>();
    is_shareable::<RetryPolicy>();
    is_shareable::<ReqwestTransport>();
    is_shareable::<FileTokenStore>();
    is_shareable::<MemoryTokenStore>();
}

#[test]
fn the_seams_can_be_stored_behind_a_pointer() {
    is_shareable::<Box<dyn HttpTransport>>();
    is_shareable::<Box<dyn TokenStore>>();
    is_shareable::<Box<dyn RefreshToken>>();
    is_shareable::<Box<dyn Clock>>();
    is_shareable::<Box<dyn Sleep>>();
}

#[test]
fn the_futures_are_send() {
    let world = crate::doubles::World::new();
    let cache = world.cache();
    let token = access("access", start());
    let secret = token.access_token.clone().unwrap();
    is_send(cache.access_token());
    is_send(cache.refused(&secret));
    is_send(cache.revision());

    let store: &dyn TokenStore = &world.store;
    is_send(store.load(&key()));
    is_send(store.compare_and_swap(&key(), None, &token));
    is_send(store.delete(&key()));

    let transport = ReqwestTransport::new().unwrap();
    is_send(transport.send(Request::default()));
    is_send(transport.stream(http::Request::new(Upload::from(bytes::Bytes::new()))));
    is_send(TokioSleep.sleep(std::time::Duration::ZERO));
    let pipeline = Pipeline::new(
        std::sync::Arc::new(transport),
        std::sync::Arc::new(SystemClock),
        std::sync::Arc::new(TokioSleep),
    );
    let auth: &dyn Authorize = &NoAuth;
    is_send(pipeline.execute(Call::repeatable("get", Request::default()), auth, &classify));
    is_send(pipeline.execute(Call::once("insert", Request::default()), auth, &classify));
    let call = Call::repeatable("download", Request::default());
    is_send(pipeline.execute_streamed(call, None, auth, &classify));
}
