//! The bucket against a model of the service, and queues in virtual time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::future::poll_fn;
use std::task::{Context, Poll, Waker};

use jiff::SignedDuration;
use keyferry_seams::{BoxFuture, Seed, VirtualClock};
use keyferry_wire::{Operation, ops};

use super::*;

fn start() -> Timestamp {
    "2026-08-01T12:00:00Z".parse().expect("a time")
}

fn after(seconds: f64) -> Timestamp {
    start() + Duration::from_secs_f64(seconds)
}

/// Ten a second with a bucket of ten, as Oracle states it, of which others take a part as well.
struct Service {
    left: f64,
    since: f64,
    others_per_second: f64,
    others_next: f64,
}

impl Service {
    fn with_others(others_per_second: f64) -> Self {
        Self { left: 10.0, since: 0.0, others_per_second, others_next: 0.0 }
    }

    fn take(&mut self, now: f64) -> bool {
        while self.others_per_second > 0.0 && self.others_next <= now {
            self.take_one(self.others_next);
            self.others_next += 1.0 / self.others_per_second;
        }
        self.take_one(now)
    }

    fn take_one(&mut self, now: f64) -> bool {
        self.left = (self.left + 10.0 * (now - self.since)).min(10.0);
        self.since = now;
        let is_granted = self.left >= 1.0;
        if is_granted {
            self.left -= 1.0;
        }
        is_granted
    }
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Happening {
    Look,
    Arrival(u32),
    Refusal(u32),
}

/// What came of it.
#[derive(Debug)]
struct Ran {
    seconds: f64,
    refused: usize,
}

/// Lets workers of equal share make `calls` calls, none waiting for another's answer. Requests and answers travel
/// for 20 to 150 ms each and overtake each other.
fn run(calls: usize, workers: usize, mut service: Service) -> Ran {
    let micros = |seconds: f64| (seconds * 1e6).ceil() as u64;
    let full = 9.9 / workers as f64;
    let mut buckets: Vec<_> = (0..workers).map(|_| Bucket::new(full, start())).collect();
    let mut to_send = vec![calls / workers; workers];
    let mut is_looking = vec![true; workers];
    let mut happenings: BinaryHeap<_> =
        (0..workers).map(|worker| Reverse((0, worker, Happening::Look))).collect();
    let (mut drawn, mut ran) = (0_u32, Ran { seconds: 0.0, refused: 0 });
    let mut travel = || {
        drawn += 1;
        let [byte] = Seed::from_number(1).bytes(&format!("travel {drawn}"));
        0.02 + 0.13 * f64::from(byte) / 255.0
    };
    while let Some(Reverse((time, worker, happening))) = happenings.pop() {
        let now = time as f64 / 1e6;
        ran.seconds = now;
        match happening {
            Happening::Look if to_send[worker] == 0 => is_looking[worker] = false,
            Happening::Look => {
                let next = match buckets[worker].take(after(now)) {
                    Ok(era) => {
                        to_send[worker] -= 1;
                        happenings.push(Reverse((micros(now + travel()), worker, Happening::Arrival(era))));
                        time
                    }
                    Err(wait) => micros(now + wait.as_secs_f64()),
                };
                happenings.push(Reverse((next, worker, Happening::Look)));
            }
            Happening::Arrival(era) if !service.take(now) => {
                happenings.push(Reverse((micros(now + travel()), worker, Happening::Refusal(era))));
            }
            Happening::Arrival(_) => {}
            Happening::Refusal(era) => {
                ran.refused += 1;
                buckets[worker].refused(after(now), era, Duration::from_secs(1));
                to_send[worker] += 1;
                if !std::mem::replace(&mut is_looking[worker], true) {
                    happenings.push(Reverse((time, worker, Happening::Look)));
                }
            }
        }
    }
    ran
}

#[test]
fn alone_a_client_uses_what_the_service_grants_and_is_never_refused() {
    let ran = run(1050, 1, Service::with_others(0.0));
    let ideal = (1050.0 - 10.0) / 10.0;
    assert!(ran.seconds <= ideal / 0.95, "{ran:?}");
    assert_eq!(ran.refused, 0);
}

#[test]
fn beside_others_a_client_takes_what_they_leave_with_few_refusals() {
    let ran = run(1050, 1, Service::with_others(4.0));
    let ideal = (1050.0 - 10.0) / 6.0;
    assert!(ran.seconds >= ideal, "the model gives no more than there is: {ran:?}");
    assert!(ran.seconds <= ideal / 0.9, "{ran:?}");
    assert!(ran.refused > 0 && ran.refused < 10, "{ran:?}");
}

#[test]
fn workers_with_equal_shares_use_the_rate_together_and_are_not_refused() {
    let ideal = (1048.0 - 10.0) / 10.0;
    for workers in [2, 4] {
        let ran = run(1048, workers, Service::with_others(0.0));
        assert!(ran.seconds <= ideal / 0.95, "{workers}: {ran:?}");
        assert_eq!(ran.refused, 0, "{workers}");
    }
}

/// How many requests a bucket grants from `from` on, in that many seconds.
fn granted(bucket: &mut Bucket, from: f64, seconds: f64) -> usize {
    let (mut now, end, mut count) = (after(from), after(from + seconds), 0);
    while now < end {
        match bucket.take(now) {
            Ok(_) => count += 1,
            Err(wait) => now += wait,
        }
    }
    count
}

#[test]
fn after_a_refusal_nothing_is_granted_for_as_long_as_the_service_asked() {
    let mut bucket = Bucket::new(9.9, start());
    let era = bucket.take(after(60.0)).expect("a full bucket");
    bucket.refused(after(60.2), era, Duration::from_secs(7));
    bucket.refused(after(60.3), era, Duration::from_secs(1));
    assert_eq!(granted(&mut bucket, 60.3, 6.9), 0);
    let first_second = granted(&mut bucket, 67.2, 1.0);
    assert!((6..=7).contains(&first_second), "seven tenths, and no burst: {first_second}");
}

#[test]
fn requests_under_way_at_a_refusal_lower_the_rate_only_once_and_the_rate_comes_back() {
    let mut bucket = Bucket::new(10.0, start());
    let eras: Vec<_> = (0..3).map(|_| bucket.take(start()).expect("a full bucket")).collect();
    for era in eras {
        bucket.refused(after(0.1), era, Duration::ZERO);
    }
    assert!((bucket.rate - 7.0).abs() < 1e-9, "{bucket:?}");
    let later = granted(&mut bucket, 60.0, 10.0);
    assert!((107..=109).contains(&later), "the full rate and a burst: {later}");

    for second in 0..100 {
        let era = bucket.era;
        bucket.refused(after(80.0 + f64::from(second)), era, Duration::ZERO);
    }
    assert!((bucket.rate - 0.5).abs() < 0.1, "not for ever: {bucket:?}");
}

#[test]
fn a_clock_that_is_turned_back_neither_earns_nor_stops() {
    let mut bucket = Bucket::new(10.0, after(3600.0));
    while bucket.take(after(3600.0)).is_ok() {}
    bucket.refused(after(3600.0), 0, Duration::from_secs(7));
    assert!(bucket.take(start()).is_err());
    assert_eq!(granted(&mut bucket, 0.0, 6.9), 0);
    assert!(bucket.take(after(7.2)).is_ok());
}

#[test]
fn a_rate_is_a_rate_whatever_was_written() {
    for (per_second, share) in [(0.0, 1.0), (-3.0, 1.0), (f64::NAN, 1.0), (9.9, 0.0), (9.9, f64::NAN)] {
        let full = Queues::new(Pace { per_second: Some(per_second), share }).full.expect("limited");
        assert!((full - SLOWEST).abs() < 1e-9, "{per_second} {share}");
    }
}

#[test]
fn oracle_counts_vaults_and_deletions_apart_from_keys_and_reads_apart_from_writes() {
    let cases = [
        (ops::ListVaults::SPEC, Some(Class::ProvisioningRead)),
        (ops::GetVaultUsage::SPEC, Some(Class::ProvisioningRead)),
        (ops::BackupVault::SPEC, Some(Class::ProvisioningWrite)),
        (ops::ScheduleKeyVersionDeletion::SPEC, Some(Class::ProvisioningWrite)),
        (ops::ChangeKeyCompartment::SPEC, Some(Class::ProvisioningWrite)),
        (ops::ListKeyVersions::SPEC, Some(Class::ManagementRead)),
        (ops::BackupKey::SPEC, Some(Class::ManagementWrite)),
        (ops::UpdateKey::SPEC, Some(Class::ManagementWrite)),
        (ops::Encrypt::SPEC, None),
        (ops::PutObject::SPEC, None),
        (ops::GetWorkRequest::SPEC, None),
    ];
    for (spec, class) in cases {
        assert_eq!(Class::of(&spec), class, "{}", spec.name);
    }
}

/// A clock that stands still while anybody has something to do. `VirtualClock` has only one who waits.
#[derive(Debug)]
struct Stage(Mutex<(Timestamp, Vec<Timestamp>)>);

impl Stage {
    fn new() -> Self {
        Self(Mutex::new((start(), Vec::new())))
    }

    fn elapsed(&self) -> Duration {
        self.now().duration_since(start()).try_into().expect("forward only")
    }

    /// Polls all until they are done, and meanwhile moves on from one end of a wait to the next.
    fn play(&self, mut futures: Vec<BoxFuture<'_, ()>>) {
        let mut context = Context::from_waker(Waker::noop());
        loop {
            futures.retain_mut(|future| future.as_mut().poll(&mut context).is_pending());
            if futures.is_empty() {
                return;
            }
            let mut state = self.0.lock().expect("one thread");
            let next = state.1.iter().copied().filter(|end| *end > state.0).min();
            state.0 = next.expect("somebody waits for a time to come");
        }
    }
}

impl Clock for Stage {
    fn now(&self) -> Timestamp {
        self.0.lock().expect("one thread").0
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        let end = self.now() + duration;
        self.0.lock().expect("one thread").1.push(end);
        Box::pin(poll_fn(move |_| if self.now() >= end { Poll::Ready(()) } else { Poll::Pending }))
    }
}

fn region() -> Region {
    Region::parse("iad").expect("known")
}

#[test]
fn callers_are_served_in_the_order_of_their_arrival_and_at_the_rate() {
    let (queues, clock, order) = (Queues::new(Pace::DOCUMENTED), Stage::new(), Mutex::new(Vec::new()));
    let caller = |number: u32| -> BoxFuture<'_, ()> {
        let (queues, clock, order) = (&queues, &clock, &order);
        Box::pin(async move {
            queues.turn(region(), &ops::BackupVault::SPEC, clock).await;
            order.lock().expect("one thread").push(number);
        })
    };
    clock.play((0..106).map(caller).collect());
    assert_eq!(*order.lock().expect("one thread"), (0..106).collect::<Vec<_>>());
    let seconds = clock.elapsed().as_secs_f64();
    assert!((9.9..10.1).contains(&seconds), "98 of them waited: {seconds}");
}

#[test]
fn a_refusal_also_holds_up_those_who_wait_already_but_only_in_that_region_and_class() {
    let (queues, clock) = (Queues::new(Pace::DOCUMENTED), Stage::new());
    let (spec, elsewhere) = (ops::BackupVault::SPEC, Region::parse("fra").expect("known"));
    clock.play(vec![Box::pin(async {
        let mut last = Turn::default();
        for _ in 0..7 {
            last = queues.turn(region(), &spec, &clock).await;
        }
        let mut waiting = std::pin::pin!(queues.turn(region(), &spec, &clock));
        assert!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        last.refused(clock.now(), Some(Duration::from_secs(7)));
        queues.turn(elsewhere, &spec, &clock).await;
        queues.turn(region(), &ops::GetVault::SPEC, &clock).await;
        assert_eq!(clock.elapsed(), Duration::ZERO);
        waiting.await;
        assert!(clock.elapsed() >= Duration::from_secs(7), "{:?}", clock.elapsed());
    })]);
}

#[test]
fn whoever_gives_up_waiting_costs_the_others_nothing() {
    let (queues, clock) = (Queues::new(Pace { per_second: Some(1.0), share: 1.0 }), Stage::new());
    let spec = ops::GetKey::SPEC;
    clock.play(vec![Box::pin(async {
        queues.turn(region(), &spec, &clock).await;
        let mut impatient = Box::pin(queues.turn(region(), &spec, &clock));
        assert!(impatient.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        clock.sleep(Duration::from_millis(500)).await;
        drop(impatient);
        queues.turn(region(), &spec, &clock).await;
        assert!(clock.elapsed() < Duration::from_millis(1001), "{:?}", clock.elapsed());
    })]);
}

#[tokio::test]
async fn a_virtual_clock_moves_on_by_the_wait() {
    let clock = VirtualClock::new(start());
    let queues = Queues::new(Pace { per_second: Some(2.0), share: 0.5 });
    for _ in 0..11 {
        queues.turn(region(), &ops::GetKey::SPEC, &clock).await;
    }
    let seconds = clock.now().duration_since(start());
    assert!((seconds - SignedDuration::from_secs(10)).abs() < SignedDuration::from_millis(1), "{seconds}");
    let unlimited = Queues::new(Pace::UNLIMITED);
    assert_eq!(unlimited.turn(region(), &ops::GetKey::SPEC, &clock).await.waited, Duration::ZERO);
}
