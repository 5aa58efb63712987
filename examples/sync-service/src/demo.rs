//! `demo`: the whole story on two simulated systems, checked against what the two servers themselves hold.

mod companies;
mod story;
mod verdict;
mod worker;
mod world;

use std::time::Instant;

use crate::{failure::Failure, output};

/// Plays the story and prints the verdict, with `json` as a document. Fails if any promise is broken.
pub(crate) async fn play(json: bool) -> Result<(), Failure> {
    if json {
        output::lines_go_aside();
    }
    #[allow(clippy::disallowed_methods, reason = "the demo tells how long it took")]
    let started = Instant::now();
    let mut world = world::World::open().await?;
    let verdict = Box::pin(story::tell(&mut world)).await?;
    verdict.print(started.elapsed());
    if json {
        output::document(&verdict.as_json(started.elapsed()));
    }
    world.close().await;
    verdict.result()
}
