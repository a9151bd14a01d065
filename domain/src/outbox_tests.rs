//! The production machine among several workers, a partner that misbehaves in every way, and processes that die.

use super::*;

const PACE: Pace = Service::Prescription.pace();

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000 + seconds, 0).unwrap()
}

fn worker(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

#[test]
fn waits_grow_to_the_longest_and_no_further() {
    let waits: Vec<i64> = (1..20).map(|n| back_off(n, &PACE, 7).num_milliseconds()).collect();
    assert!(waits[0] >= 1500 && waits[0] <= 3000, "{waits:?}");
    assert!(waits.iter().all(|w| *w <= PACE.longest_wait.num_milliseconds()));
    assert!(waits[15] >= PACE.longest_wait.num_milliseconds() / 2);
    assert_ne!(back_off(5, &PACE, 1), back_off(5, &PACE, 2), "messages that failed together come back apart");
}

#[test]
fn a_worker_that_died_leaves_a_message_that_is_looked_for_first() {
    let mut parcel = Parcel::new(at(0));
    assert_eq!(parcel.claim(worker(1), at(0), &PACE), Some(Task::Send));
    assert_eq!(parcel.claim(worker(2), at(5), &PACE), None, "held");
    let later = at(0) + PACE.deadline + PACE.quiet;
    assert_eq!(parcel.claim(worker(2), later, &PACE), Some(Task::Look));
    assert_eq!(parcel.settle(worker(1), Attempt::Done, later, &PACE, 0), Err(Late));
    assert_eq!(parcel.settle(worker(2), Attempt::Absent, later, &PACE, 0), Ok(()));
    assert_eq!(parcel.claim(worker(2), later, &PACE), Some(Task::Send));
}

#[test]
fn a_person_cannot_send_twice_and_can_take_back_what_is_not_delivered() {
    let mut parcel = Parcel::new(at(0));
    parcel.claim(worker(1), at(0), &PACE);
    assert_eq!(parcel.resend(at(1), &PACE), Err(DeliveryRefusal::Underway));
    let mut taken_back = parcel;
    taken_back.withdraw().unwrap();
    assert!(taken_back.may_have_arrived, "it was under way");
    assert_eq!(taken_back.settle(worker(1), Attempt::Done, at(2), &PACE, 0), Err(Late));
    parcel.settle(worker(1), Attempt::Done, at(2), &PACE, 0).unwrap();
    assert_eq!(parcel.resend(at(3), &PACE), Err(DeliveryRefusal::Done));
    assert_eq!(parcel.withdraw(), Err(DeliveryRefusal::Done));
}

#[test]
fn what_keeps_failing_is_given_to_a_person_and_starts_anew_when_they_say_so() {
    let mut parcel = Parcel::new(at(0));
    let mut now = at(0);
    while !parcel.state.is_settled() {
        now = parcel.next_attempt_at.max(now);
        assert_eq!(parcel.claim(worker(1), now, &PACE), Some(Task::Send));
        parcel.settle(worker(1), Attempt::Retry, now, &PACE, 3).unwrap();
    }
    assert_eq!(parcel.state, Delivery::GivenUp);
    assert!(now - at(0) >= PACE.give_up_after && now - at(0) < PACE.give_up_after + PACE.longest_wait * 2);
    parcel.resend(now, &PACE).unwrap();
    assert_eq!(parcel.claim(worker(1), now, &PACE), Some(Task::Send));
}

/// splitmix64 as a stream.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(1);
        spread(self.0) % sides
    }
}

/// A partner without idempotency: whatever arrives counts, late or not. It can be asked what it has.
#[derive(Default)]
struct Partner {
    accepted: u32,
    /// Requests on the wire, by the moment they arrive; a client may have stopped waiting long before.
    wire: Vec<DateTime<Utc>>,
}

impl Partner {
    fn arrive(&mut self, now: DateTime<Utc>) {
        let before = self.wire.len();
        self.wire.retain(|arrives| *arrives > now);
        self.accepted += (before - self.wire.len()) as u32;
    }
}

/// What a worker is doing: until when, and what it will then report.
struct Busy {
    holder: Uuid,
    until: DateTime<Utc>,
    report: Option<Attempt>,
}

/// Nothing sent twice and nothing lost, under faults and deaths in any order (20,000 seeded runs).
#[test]
fn nothing_is_sent_twice_and_nothing_is_lost() {
    let (mut looked, mut died, mut faults) = (0u32, 0u32, [0u32; 6]);
    for seed in 0..20_000u64 {
        let mut dice = Dice(seed.wrapping_mul(0x1234_5677));
        let (mut parcel, mut partner, mut now) = (Parcel::new(at(0)), Partner::default(), at(0));
        let mut busy: Vec<Busy> = Vec::new();
        let mut trouble = 1 + dice.roll(9);
        for step in 0..10_000u32 {
            assert!(step < 9_999, "seed {seed}: the message is stuck in {parcel:?}");
            partner.arrive(now);
            let finished: Vec<Busy> = busy.extract_if(.., |b| b.until <= now).collect();
            for done in finished {
                if let Some(attempt) = done.report {
                    let _ = parcel.settle(done.holder, attempt, now, &PACE, seed);
                }
            }
            if parcel.state.is_settled() {
                break;
            }
            let holder = worker(u128::from(dice.roll(3)) + 1);
            if let Some(task) = parcel.claim(holder, now, &PACE) {
                let faulty = trouble > 0;
                trouble = trouble.saturating_sub(1);
                let fault = if faulty { dice.roll(6) } else { 5 };
                faults[fault as usize] += 1;
                looked += u32::from(task == Task::Look);
                let answer_at = now + TimeDelta::milliseconds(100 + dice.roll(9_000) as i64);
                let arrives_late = now + TimeDelta::milliseconds(100 + dice.roll(24_000) as i64);
                let (until, report) = match (fault, task) {
                    // The process dies: before sending, or with the request on the wire.
                    (0, _) => {
                        died += 1;
                        if task == Task::Send && dice.roll(2) == 0 {
                            partner.wire.push(arrives_late);
                        }
                        (answer_at, None)
                    }
                    // Refused connection: certainly not there.
                    (1, Task::Send) => (answer_at, Some(Attempt::Retry)),
                    // Lost reply after commit, or a request that arrives after the deadline.
                    (2 | 3, Task::Send) => {
                        partner.wire.push(arrives_late);
                        (now + PACE.deadline, Some(Attempt::Unknown))
                    }
                    // Lost on the way there: looks the same from here.
                    (4, Task::Send) => (now + PACE.deadline, Some(Attempt::Unknown)),
                    (1..=4, Task::Look) => (now + PACE.deadline, Some(Attempt::Unknown)),
                    (_, Task::Look) => (answer_at, Some(if partner.accepted > 0 { Attempt::Done } else { Attempt::Absent })),
                    (_, Task::Send) => {
                        partner.wire.push(answer_at);
                        (answer_at, Some(Attempt::Done))
                    }
                };
                busy.push(Busy { holder, until, report });
            }
            now += TimeDelta::milliseconds(50 + dice.roll(3_000) as i64);
        }
        partner.arrive(now + TimeDelta::days(1));
        assert_eq!((parcel.state, partner.accepted), (Delivery::Done, 1), "seed {seed}");
    }
    assert!(looked > 10_000 && died > 5_000 && faults.iter().all(|n| *n > 5_000), "{looked} {died} {faults:?}");
}
