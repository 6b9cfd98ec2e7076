//! Hands chunks of work to threads and takes their results in order, with a bounded number in between.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// How many chunks may be done or under way beyond the first one that is not yet taken.
const WINDOW: usize = 512;
/// How much weight may wait to be taken before no further chunk is begun but the one that is wanted next.
const MOST_WEIGHT: usize = 100_000;

/// Work in numbered chunks.
pub(super) struct Chunks<W, H> {
    /// How many.
    pub(super) count: usize,
    /// Does the chunk with this number.
    pub(super) work: W,
    /// How much of what memory holds a result is: the number of its findings.
    pub(super) weight: H,
}

/// Does all chunks on all threads of rayon's global pool, and runs `take` on the calling thread for each result, in
/// order.
///
/// # Errors
/// The first error of `take`; no further work is begun then.
pub(super) fn in_order<T: Send, E>(
    chunks: &Chunks<impl Fn(usize) -> T + Sync, impl Fn(&T) -> usize + Sync>,
    mut take: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let gate = Gate::default();
    let (sender, receiver) = sync_channel(WINDOW);
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let (gate, next) = (&gate, &next);
        scope.spawn(move || {
            rayon::broadcast(|_| worker(chunks, next, gate, &sender));
            drop(sender);
        });
        let outcome = receive(&receiver, gate, &mut take);
        gate.stop();
        drop(receiver);
        outcome
    })
}

/// A result on its way: the chunk's number, its weight, and itself.
type Parcel<T> = (usize, usize, T);

fn worker<T>(
    chunks: &Chunks<impl Fn(usize) -> T, impl Fn(&T) -> usize>,
    next: &AtomicUsize,
    gate: &Gate,
    sender: &SyncSender<Parcel<T>>,
) {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= chunks.count || !gate.wait_for(number) {
            return;
        }
        let result = (chunks.work)(number);
        let weight = (chunks.weight)(&result);
        gate.add(weight);
        if sender.send((number, weight, result)).is_err() {
            return;
        }
    }
}

fn receive<T, E>(
    receiver: &Receiver<Parcel<T>>,
    gate: &Gate,
    take: &mut impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let mut waiting = BTreeMap::new();
    let mut wanted = 0;
    for (number, weight, result) in receiver {
        waiting.insert(number, (weight, result));
        while let Some((weight, result)) = waiting.remove(&wanted) {
            take(result)?;
            wanted += 1;
            gate.open_to(wanted, weight);
        }
    }
    Ok(())
}

#[derive(Default)]
struct Gate {
    progress: Mutex<Progress>,
    opened: Condvar,
    stopped: AtomicBool,
}

#[derive(Default)]
struct Progress {
    /// The first chunk that is not taken.
    taken: usize,
    /// Weight that waits to be taken.
    weight: usize,
}

impl Progress {
    fn is_open_for(&self, number: usize) -> bool {
        number <= self.taken || (number < self.taken + WINDOW && self.weight < MOST_WEIGHT)
    }
}

impl Gate {
    /// Waits until the chunk may be begun. Answers whether to go on.
    fn wait_for(&self, number: usize) -> bool {
        let mut progress = self.lock();
        while !progress.is_open_for(number) && !self.stopped.load(Ordering::Relaxed) {
            progress = self
                .opened
                .wait(progress)
                .unwrap_or_else(PoisonError::into_inner);
        }
        !self.stopped.load(Ordering::Relaxed)
    }

    fn add(&self, weight: usize) {
        self.lock().weight += weight;
    }

    fn open_to(&self, count: usize, weight: usize) {
        let mut progress = self.lock();
        progress.taken = count;
        progress.weight -= weight;
        drop(progress);
        self.opened.notify_all();
    }

    fn stop(&self) {
        let _progress = self.lock();
        self.stopped.store(true, Ordering::Relaxed);
        self.opened.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_and_all_of_them_however_heavy() {
        for weight in [0, 1, MOST_WEIGHT] {
            let chunks = Chunks {
                count: 5000,
                work: |number| number * 2,
                weight: |_: &usize| weight,
            };
            let mut taken = Vec::new();
            let outcome: Result<(), ()> = in_order(&chunks, |result| {
                taken.push(result);
                Ok(())
            });
            assert_eq!(outcome, Ok(()));
            assert_eq!(
                taken,
                (0..5000).map(|number| number * 2).collect::<Vec<_>>()
            );
        }
    }

    #[test]
    fn the_first_error_stops_the_work() {
        let begun = AtomicUsize::new(0);
        let work = |number| {
            begun.fetch_add(1, Ordering::Relaxed);
            number
        };
        let chunks = Chunks {
            count: 1_000_000,
            work,
            weight: |_: &usize| 1,
        };
        let outcome = in_order(
            &chunks,
            |number| if number == 3 { Err("full") } else { Ok(()) },
        );
        assert_eq!(outcome, Err("full"));
        assert!(begun.load(Ordering::Relaxed) < 10 * WINDOW);
    }
}
