//! Channels are opened, renewed, opened again, and noticed when they are silent.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;
use sync_core::{
    ChannelHealth, ChannelState, Clock, EndpointError, Engine, EventSource, Observation, Observer,
    Side,
};

use crate::world::{World, block_on, set};

const DAY: Duration = Duration::from_secs(86_400);

/// A channel that lives for six days.
#[derive(Debug, Default)]
struct Channel {
    opened: Mutex<Vec<Timestamp>>,
    renewed: Mutex<Vec<Timestamp>>,
    lost: Mutex<bool>,
}

#[async_trait]
impl EventSource for Channel {
    async fn open(&self, now: Timestamp) -> Result<Option<Timestamp>, EndpointError> {
        self.opened.lock().unwrap().push(now);
        *self.lost.lock().unwrap() = false;
        Ok(Some(now + 6 * DAY))
    }

    async fn renew(&self, now: Timestamp) -> Result<ChannelState, EndpointError> {
        self.renewed.lock().unwrap().push(now);
        let ends = Some(now + 6 * DAY);
        Ok(ChannelState::Open { ends })
    }

    async fn look(&self) -> Result<ChannelState, EndpointError> {
        match *self.lost.lock().unwrap() {
            true => Ok(ChannelState::Lost),
            false => Ok(ChannelState::Open { ends: None }),
        }
    }
}

#[derive(Debug, Default)]
struct Alarms(Mutex<u32>);

impl Observer for Alarms {
    fn observe(&self, observation: &Observation<'_>) {
        if matches!(observation, Observation::ChannelSilent { .. }) {
            *self.0.lock().unwrap() += 1;
        }
    }
}

struct Listening {
    world: World,
    channel: Arc<Channel>,
    alarms: Arc<Alarms>,
}

impl Listening {
    fn new() -> Self {
        Self {
            world: World::new(),
            channel: Arc::default(),
            alarms: Arc::default(),
        }
    }

    fn engine(&self) -> Engine {
        let store = Arc::clone(&self.world.store);
        Engine::builder("test", store, Arc::new(self.world.clock.clone()))
            .flow(self.world.flow.clone())
            .settings(self.world.settings.clone())
            .channel("things", Side::Right, Arc::<Channel>::clone(&self.channel))
            .observer(Arc::<Alarms>::clone(&self.alarms))
            .build()
            .unwrap()
    }

    fn health(&self, engine: &Engine) -> ChannelHealth {
        block_on(engine.health()).unwrap().channels.remove(0)
    }

    fn opened(&self) -> usize {
        self.channel.opened.lock().unwrap().len()
    }
}

#[test]
fn a_channel_is_opened_once_and_renewed_before_it_ends() {
    let listening = Listening::new();
    let engine = listening.engine();
    for _ in 0..24 * 12 {
        block_on(engine.upkeep());
        listening.world.clock.advance(Duration::from_secs(3600));
    }
    assert_eq!(listening.opened(), 1);
    let renewed = listening.channel.renewed.lock().unwrap().clone();
    assert_eq!(renewed.len(), 2, "{renewed:?}");
    let first = listening.channel.opened.lock().unwrap()[0];
    assert!(renewed[0] < first + 6 * DAY && renewed[0] >= first + 4 * DAY);
    // A program that is started anew knows of it.
    block_on(listening.engine().upkeep());
    assert_eq!(listening.opened(), 1);
}

#[test]
fn a_lost_channel_is_opened_again() {
    let listening = Listening::new();
    let engine = listening.engine();
    block_on(engine.upkeep());
    *listening.channel.lost.lock().unwrap() = true;
    block_on(engine.upkeep());
    assert_eq!(listening.opened(), 1, "it is not looked at all the time");
    listening.world.later(601);
    block_on(engine.upkeep());
    assert_eq!(listening.opened(), 2);
}

#[test]
fn rows_that_change_unannounced_raise_an_alarm_once_and_the_channel_is_opened_anew() {
    let listening = Listening::new();
    let world = &listening.world;
    let engine = listening.engine();
    block_on(engine.upkeep());
    let (_, right) = world.pair(&engine, "C1");
    world.later(3600);
    world
        .right
        .edit_as_user(right.clone(), set("Phone", "1"))
        .unwrap();
    world.later(400);
    world.right.forget_traffic();
    world.round(&engine);
    assert_eq!(*listening.alarms.0.lock().unwrap(), 1);
    let health = listening.health(&engine);
    assert_eq!(health.silent_since, Some(world.clock.now()));
    block_on(engine.upkeep());
    assert_eq!(listening.opened(), 2);
    world
        .right
        .edit_as_user(right.clone(), set("Phone", "2"))
        .unwrap();
    world.settle(&engine);
    // An event ends the silence.
    world
        .right
        .edit_as_user(right.clone(), set("Phone", "3"))
        .unwrap();
    world.hint(&engine, Side::Right, right);
    world.later(400);
    world.round(&engine);
    let health = listening.health(&engine);
    assert_eq!(health.silent_since, None);
    assert!(health.last_event_at.is_some());
}

#[test]
fn rows_that_were_announced_raise_no_alarm() {
    let listening = Listening::new();
    let world = &listening.world;
    let engine = listening.engine();
    block_on(engine.upkeep());
    let (_, right) = world.pair(&engine, "C1");
    for number in 0..20 {
        world.later(3600);
        world
            .right
            .edit_as_user(right.clone(), set("Phone", number.to_string()))
            .unwrap();
        world.hint(&engine, Side::Right, right.clone());
        world.later(400);
        world.round(&engine);
    }
    assert_eq!(*listening.alarms.0.lock().unwrap(), 0);
}
