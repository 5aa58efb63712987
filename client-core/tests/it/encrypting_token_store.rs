//! Tokens that only who has the key can read.

use std::{error::Error as _, sync::Arc};

use client_core::{
    EncryptingTokenStore, MemoryTokenStore, StoredToken, TokenEncryptionKey,
    TokenEncryptionKeyError, TokenKey, TokenRevision, TokenStore,
};
use secrecy::{ExposeSecret, SecretBox, SecretString};

fn key(name: &str) -> TokenEncryptionKey {
    let first = name.bytes().next().unwrap();
    TokenEncryptionKey::new(name, SecretBox::new(Box::new([first; 32]))).unwrap()
}

fn token() -> StoredToken {
    StoredToken {
        access_token: Some(SecretString::from("canary-access")),
        refresh_token: Some(SecretString::from("canary-refresh")),
        attributes: [("api_domain".to_owned(), "https://canary.example".to_owned())].into(),
        ..StoredToken::default()
    }
}

fn acme() -> TokenKey {
    TokenKey::new("zoho/acme")
}

struct World {
    inner: MemoryTokenStore,
}

impl World {
    fn new() -> Self {
        Self {
            inner: MemoryTokenStore::new(),
        }
    }

    fn store(&self, name: &str) -> EncryptingTokenStore {
        EncryptingTokenStore::new(Arc::new(self.inner.clone()), key(name))
    }

    /// What is in the store inside.
    async fn raw(&self) -> (String, TokenRevision) {
        let (sealed, revision) = self.inner.load(&acme()).await.unwrap().unwrap();
        let rest = StoredToken {
            access_token: None,
            ..sealed.clone()
        };
        assert!(format!("{rest:?}") == format!("{:?}", StoredToken::default()));
        (
            sealed.access_token.unwrap().expose_secret().to_owned(),
            revision,
        )
    }

    async fn put_raw(&self, key: &TokenKey, text: &str) {
        self.inner.delete(key).await.unwrap();
        let sealed = StoredToken {
            access_token: Some(SecretString::from(text)),
            ..StoredToken::default()
        };
        self.inner
            .compare_and_swap(key, None, &sealed)
            .await
            .unwrap();
    }
}

async fn refusal(store: &EncryptingTokenStore, key: &TokenKey) -> String {
    let error = store.load(key).await.unwrap_err();
    format!("{error}: {}", error.source().unwrap())
}

#[tokio::test]
async fn nothing_of_a_token_is_readable_in_the_store_inside() {
    let world = World::new();
    let store = world.store("a");
    let revision = store
        .compare_and_swap(&acme(), None, &token())
        .await
        .unwrap();
    let (first, _) = world.raw().await;
    assert!(
        !first.contains("canary") && !first.contains("api_domain"),
        "{first}"
    );
    store
        .compare_and_swap(&acme(), Some(revision), &token())
        .await
        .unwrap();
    let (second, _) = world.raw().await;
    assert_ne!(first, second, "the same token never looks the same twice");
    let shown = format!("{store:?}");
    assert!(!shown.contains("97, 97"), "{shown}");
}

#[tokio::test]
async fn token_that_was_changed_or_moved_is_refused() {
    let world = World::new();
    let store = world.store("a");
    store
        .compare_and_swap(&acme(), None, &token())
        .await
        .unwrap();
    let (sealed, _) = world.raw().await;

    let other = TokenKey::new("zoho/other");
    world.put_raw(&other, &sealed).await;
    let said = refusal(&store, &other).await;
    assert!(said.contains("not encrypted for this credential"), "{said}");

    // Each character that stands for bits of the token, turned into another one.
    let (head, body) = sealed.rsplit_once(':').unwrap();
    for at in (0..body.len() - 4).step_by(7) {
        let mut changed: Vec<u8> = body.bytes().collect();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let text = format!("{head}:{}", String::from_utf8(changed).unwrap());
        world.put_raw(&acme(), &text).await;
        refusal(&store, &acme()).await;
    }
    for damaged in [
        format!("{head}:"),
        format!("{head}:AAAA"),
        format!("{head}:%"),
    ] {
        world.put_raw(&acme(), &damaged).await;
        refusal(&store, &acme()).await;
    }
    world.put_raw(&acme(), &sealed).await;
    assert!(store.load(&acme()).await.unwrap().is_some());
}

#[tokio::test]
async fn key_of_the_same_name_that_is_another_is_refused() {
    let world = World::new();
    world
        .store("abc")
        .compare_and_swap(&acme(), None, &token())
        .await
        .unwrap();
    let impostor = TokenEncryptionKey::new("abc", SecretBox::new(Box::new([9; 32]))).unwrap();
    let store = EncryptingTokenStore::new(Arc::new(world.inner.clone()), impostor);
    let said = refusal(&store, &acme()).await;
    assert!(said.contains("`abc`") && !said.contains("canary"), "{said}");
}

#[tokio::test]
async fn old_key_reads_on_and_each_write_is_with_the_new_one() {
    let world = World::new();
    let revision = world
        .store("old")
        .compare_and_swap(&acme(), None, &token())
        .await
        .unwrap();
    let said = refusal(&world.store("new"), &acme()).await;
    assert!(said.contains("the key `old` is not known here"), "{said}");

    let store = world.store("new").reads_also(key("old"));
    let (found, _) = store.load(&acme()).await.unwrap().unwrap();
    assert_eq!(found.access_token.unwrap().expose_secret(), "canary-access");
    store
        .compare_and_swap(&acme(), Some(revision), &token())
        .await
        .unwrap();
    assert!(world.store("new").load(&acme()).await.unwrap().is_some());
}

#[tokio::test]
async fn rotation_encrypts_anew_once() {
    let world = World::new();
    let store = world.store("new").reads_also(key("old"));
    assert!(
        !store.rotate(&acme()).await.unwrap(),
        "there is nothing yet"
    );
    world
        .store("old")
        .compare_and_swap(&acme(), None, &token())
        .await
        .unwrap();
    assert!(store.rotate(&acme()).await.unwrap());
    let (_, revision) = world.raw().await;
    assert!(!store.rotate(&acme()).await.unwrap());
    assert_eq!(world.raw().await.1, revision, "it is not written again");
    let (found, _) = world.store("new").load(&acme()).await.unwrap().unwrap();
    assert_eq!(
        found.refresh_token.unwrap().expose_secret(),
        "canary-refresh"
    );
}

#[tokio::test]
async fn plain_tokens_are_read_only_where_that_was_asked_for() {
    let world = World::new();
    world
        .inner
        .compare_and_swap(&acme(), None, &token())
        .await
        .unwrap();
    let said = refusal(&world.store("a"), &acme()).await;
    assert!(
        said.contains("it is not encrypted") && !said.contains("canary"),
        "{said}"
    );
    let lenient = world.store("a").reads_plain_text();
    assert!(lenient.load(&acme()).await.unwrap().is_some());
    assert!(lenient.rotate(&acme()).await.unwrap());
    assert!(!world.raw().await.0.contains("canary"));
    assert!(world.store("a").load(&acme()).await.unwrap().is_some());
}

#[test]
fn keys_that_are_none_are_refused() {
    let of =
        |name: &str, text: &str| TokenEncryptionKey::from_base64(name, &SecretString::from(text));
    let whole = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
    assert_eq!(
        of("2026-a.b_c", &format!("{whole}\n")).unwrap().name(),
        "2026-a.b_c"
    );
    assert_eq!(
        of("a", "not base64!").unwrap_err(),
        TokenEncryptionKeyError::NotBase64
    );
    assert_eq!(
        of("a", "MDEy").unwrap_err(),
        TokenEncryptionKeyError::WrongLength { found: 3 }
    );
    for name in ["", "a:b", "a b"] {
        let name = name.to_owned();
        let error = of(&name, whole).unwrap_err();
        assert_eq!(error, TokenEncryptionKeyError::WrongName { name });
    }
}
