//! Hands chunks of work to threads and takes their results in order, with a bounded number in between.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Condvar, Mutex, PoisonError};

/// How many chunks may be done or under way beyond the first one that is not yet taken.
const WINDOW: usize = 512;

/// Runs `work` for each number below `count` on all threads of rayon's global pool, and `take` on the
/// calling thread for each result, in order.
///
/// # Errors
/// The first error of `take`; no further work is begun then.
pub(super) fn in_order<T: Send, E>(
    count: usize,
    work: impl Fn(usize) -> T + Sync,
    mut take: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let gate = Gate::default();
    let (sender, receiver) = sync_channel(WINDOW);
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let (gate, next, work) = (&gate, &next, &work);
        scope.spawn(move || {
            rayon::broadcast(|_| worker(count, next, gate, (&sender, work)));
            drop(sender);
        });
        let outcome = receive(&receiver, gate, &mut take);
        gate.stop();
        drop(receiver);
        outcome
    })
}

fn worker<T>(
    count: usize,
    next: &AtomicUsize,
    gate: &Gate,
    (sender, work): (&SyncSender<(usize, T)>, &(impl Fn(usize) -> T + Sync)),
) {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= count || !gate.wait_for(number) || sender.send((number, work(number))).is_err()
        {
            return;
        }
    }
}

fn receive<T, E>(
    receiver: &Receiver<(usize, T)>,
    gate: &Gate,
    take: &mut impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let mut waiting = BTreeMap::new();
    let mut wanted = 0;
    for (number, result) in receiver {
        waiting.insert(number, result);
        while let Some(result) = waiting.remove(&wanted) {
            take(result)?;
            wanted += 1;
            gate.open_to(wanted);
        }
    }
    Ok(())
}

#[derive(Default)]
struct Gate {
    taken: Mutex<usize>,
    opened: Condvar,
    stopped: AtomicBool,
}

impl Gate {
    /// Waits until `number` is within the window. Answers whether to go on.
    fn wait_for(&self, number: usize) -> bool {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        while number >= *taken + WINDOW && !self.stopped.load(Ordering::Relaxed) {
            taken = self
                .opened
                .wait(taken)
                .unwrap_or_else(PoisonError::into_inner);
        }
        !self.stopped.load(Ordering::Relaxed)
    }

    fn open_to(&self, count: usize) {
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner) = count;
        self.opened.notify_all();
    }

    fn stop(&self) {
        let _taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        self.stopped.store(true, Ordering::Relaxed);
        self.opened.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_and_all_of_them() {
        let mut taken = Vec::new();
        let outcome: Result<(), ()> = in_order(
            5000,
            |number| number * 2,
            |result| {
                taken.push(result);
                Ok(())
            },
        );
        assert_eq!(outcome, Ok(()));
        assert_eq!(
            taken,
            (0..5000).map(|number| number * 2).collect::<Vec<_>>()
        );
    }

    #[test]
    fn the_first_error_stops_the_work() {
        let begun = AtomicUsize::new(0);
        let outcome = in_order(
            1_000_000,
            |number| {
                begun.fetch_add(1, Ordering::Relaxed);
                number
            },
            |number| if number == 3 { Err("full") } else { Ok(()) },
        );
        assert_eq!(outcome, Err("full"));
        assert!(begun.load(Ordering::Relaxed) < 10 * WINDOW);
    }
}
