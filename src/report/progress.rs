//! Progress on stderr: a bar with the remaining time on a terminal, a line at the start and end of each phase in
//! a CI log, or nothing.

use super::encode::{Guard, log_line};
use super::text;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// The number of phases of a run.
const PHASES: u8 = 5;
/// How often the bar is drawn.
const REDRAW: Duration = Duration::from_millis(100);

/// The bar of a phase that knows how many paths it has to do.
const COUNTED: &str = "{msg} {bar:30} {human_pos}/{human_len} paths, {eta} left";
/// The bar of a phase that does not.
const UNCOUNTED: &str = "{msg} {spinner}";

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A bar that is redrawn: for a terminal.
    Bar,
    /// Plain lines at the start and end of phases: for logs.
    Lines,
    /// Nothing.
    Quiet,
}

impl Mode {
    /// The mode that fits: quiet if asked for, a bar only where a person watches a terminal.
    pub fn choose(quiet: bool, is_terminal: bool, is_ci: bool) -> Self {
        match (quiet, is_terminal && !is_ci) {
            (true, _) => Self::Quiet,
            (false, true) => Self::Bar,
            (false, false) => Self::Lines,
        }
    }
}

/// What threads count into, without a lock.
#[derive(Default)]
struct Counters {
    done: AtomicU64,
    total: AtomicU64,
}

/// The display of a run's progress. All methods can be called from any thread.
pub struct Progress {
    counters: Arc<Counters>,
    display: Mutex<Display>,
}

enum Display {
    Nothing,
    Lines {
        out: Box<dyn Write + Send>,
        phase: Option<(u8, String)>,
    },
    Bar {
        bar: ProgressBar,
        /// Dropped to stop the thread that draws.
        stop: Option<Sender<()>>,
        drawer: Option<JoinHandle<()>>,
    },
}

impl Progress {
    /// Progress on stderr.
    pub fn new(mode: Mode) -> Self {
        Self::with_output(mode, Box::new(Guard::new(std::io::stderr())))
    }

    /// Progress whose plain lines go to `out`. A bar always goes to stderr.
    pub fn with_output(mode: Mode, out: Box<dyn Write + Send>) -> Self {
        let counters = Arc::new(Counters::default());
        let display = match mode {
            Mode::Quiet => Display::Nothing,
            Mode::Lines => Display::Lines { out, phase: None },
            Mode::Bar => Display::bar(&counters),
        };
        Self {
            counters,
            display: Mutex::new(display),
        }
    }

    /// Phase `number` (from 1) begins; the one before has ended. Counting starts anew.
    pub fn phase(&self, number: u8, name: &str) {
        let mut display = self.display.lock().unwrap_or_else(PoisonError::into_inner);
        display.end_phase(&self.counters);
        self.counters.done.store(0, Ordering::Relaxed);
        self.counters.total.store(0, Ordering::Relaxed);
        display.start_phase(number, name);
    }

    /// How many paths the phase has to do.
    pub fn total(&self, paths: u64) {
        self.counters.total.store(paths, Ordering::Relaxed);
    }

    /// This many more paths are done: one atomic addition.
    pub fn advance(&self, paths: u64) {
        self.counters.done.fetch_add(paths, Ordering::Relaxed);
    }

    /// The last phase has ended. A bar disappears.
    pub fn finish(&self) {
        let mut display = self.display.lock().unwrap_or_else(PoisonError::into_inner);
        display.end_phase(&self.counters);
    }
}

impl Drop for Progress {
    /// Takes the bar off the terminal also when a run breaks off.
    fn drop(&mut self) {
        let display = self
            .display
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        if let Display::Bar { bar, stop, drawer } = display {
            drop(stop.take());
            if let Some(drawer) = drawer.take() {
                // A drawer that panicked has nothing to say about the run.
                _ = drawer.join();
            }
            bar.finish_and_clear();
        }
    }
}

impl Display {
    fn bar(counters: &Arc<Counters>) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(style(UNCOUNTED));
        let (stop, stopped) = mpsc::channel::<()>();
        let (drawn, counters) = (bar.clone(), Arc::clone(counters));
        let drawer = std::thread::spawn(move || {
            while stopped.recv_timeout(REDRAW) == Err(RecvTimeoutError::Timeout) {
                let total = counters.total.load(Ordering::Relaxed);
                drawn.set_style(style(if total > 0 { COUNTED } else { UNCOUNTED }));
                drawn.set_length(total);
                drawn.set_position(counters.done.load(Ordering::Relaxed));
                drawn.tick();
            }
        });
        Self::Bar {
            bar,
            stop: Some(stop),
            drawer: Some(drawer),
        }
    }

    fn start_phase(&mut self, number: u8, name: &str) {
        let name = log_line(name);
        match self {
            Self::Nothing => {}
            Self::Lines { out, phase } => {
                say(out, &format!("[{number}/{PHASES}] {name}"));
                *phase = Some((number, name));
            }
            Self::Bar { bar, .. } => {
                bar.set_style(style(UNCOUNTED));
                bar.set_message(format!("[{number}/{PHASES}] {name}"));
                bar.reset();
                bar.set_length(0);
            }
        }
    }

    fn end_phase(&mut self, counters: &Counters) {
        let Self::Lines { out, phase } = self else {
            return;
        };
        let Some((number, name)) = phase.take() else {
            return;
        };
        let done = counters.done.load(Ordering::Relaxed);
        let total = counters.total.load(Ordering::Relaxed);
        let paths = match (done, total) {
            (0, 0) => String::new(),
            (done, total) if done < total => {
                format!(
                    ", {} of {}",
                    text::grouped(done),
                    text::count(total, "path")
                )
            }
            (done, _) => format!(", {}", text::count(done, "path")),
        };
        say(out, &format!("[{number}/{PHASES}] {name}: ended{paths}"));
    }
}

/// The template is one of the constants above; indicatif's own style stands in if it should refuse one.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// Writes a line of progress. One that cannot be written is lost: the result of a run does not depend on it.
fn say(out: &mut Box<dyn Write + Send>, line: &str) {
    _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An output that the test can read.
    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_mark_the_start_and_the_end_of_phases() {
        let shared = Shared::default();
        let progress = Progress::with_output(Mode::Lines, Box::new(shared.clone()));
        progress.phase(1, "Pre-deployment validation");
        progress.total(2000);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..500).for_each(|_| progress.advance(1)));
            }
        });
        progress.phase(2, "a\n::error::b");
        progress.phase(3, "Cut short");
        progress.total(10);
        progress.advance(4);
        progress.finish();
        let text = String::from_utf8(shared.0.lock().unwrap().clone()).unwrap();
        insta::assert_snapshot!(text, @r"
        [1/5] Pre-deployment validation
        [1/5] Pre-deployment validation: ended, 2,000 paths
        [2/5] a\n::error::b
        [2/5] a\n::error::b: ended
        [3/5] Cut short
        [3/5] Cut short: ended, 4 of 10 paths
        ");
    }

    #[test]
    fn quiet_is_quiet_and_a_bar_can_be_finished_or_dropped() {
        let shared = Shared::default();
        for mode in [Mode::Quiet, Mode::Bar] {
            let progress = Progress::with_output(mode, Box::new(shared.clone()));
            progress.phase(1, "x");
            progress.advance(1);
            progress.finish();
            drop(Progress::with_output(mode, Box::new(shared.clone())));
        }
        assert!(shared.0.lock().unwrap().is_empty());
    }

    #[test]
    fn the_mode_fits_the_place() {
        assert_eq!(Mode::choose(true, true, false), Mode::Quiet);
        assert_eq!(Mode::choose(false, true, false), Mode::Bar);
        assert_eq!(Mode::choose(false, true, true), Mode::Lines);
        assert_eq!(Mode::choose(false, false, false), Mode::Lines);
    }
}
