//! `demo`: the whole story on two simulated systems, checked against what the two servers themselves hold.

mod companies;
mod story;
mod verdict;
mod worker;
mod world;

use std::time::Instant;

use crate::failure::Failure;

/// Plays the story and prints the verdict. Fails if any promise is broken.
pub(crate) async fn play() -> Result<(), Failure> {
    #[allow(clippy::disallowed_methods, reason = "the demo tells how long it took")]
    let started = Instant::now();
    let mut world = world::World::open().await?;
    let verdict = Box::pin(story::tell(&mut world)).await?;
    verdict.print(started.elapsed());
    world.close().await;
    verdict.result()
}
