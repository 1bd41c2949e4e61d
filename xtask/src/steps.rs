//! Progress that a person can follow: one line when a step begins, one with its seconds when
//! it ends.

use std::time::Instant;

/// Numbers steps and keeps what each one took.
pub(crate) struct Steps {
    total: usize,
    done: Vec<(String, f64)>,
}

impl Steps {
    /// `total` is what the lines say the number of steps is.
    pub(crate) fn new(total: usize) -> Self {
        Self {
            total,
            done: Vec::new(),
        }
    }

    /// Runs one step, prints its line and its seconds, and hands on what it returned.
    pub(crate) fn run<T>(&mut self, name: &str, step: impl FnOnce() -> T) -> T {
        let number = self.done.len() + 1;
        let total = self.total.max(number);
        eprintln!("[{number}/{total}] {name} ...");
        let start = Instant::now();
        let result = step();
        let seconds = start.elapsed().as_secs_f64();
        eprintln!("[{number}/{total}] {name} ... {}", show(seconds));
        self.done.push((name.to_owned(), seconds));
        result
    }

    /// A table of the steps and their seconds, the sum last.
    pub(crate) fn table(&self) -> String {
        let mut text = String::new();
        for (name, seconds) in &self.done {
            text.push_str(&format!("{:>9}  {name}\n", show(*seconds)));
        }
        let sum: f64 = self.done.iter().map(|(_, seconds)| seconds).sum();
        text.push_str(&format!("{:>9}  in all\n", show(sum)));
        text
    }
}

fn show(seconds: f64) -> String {
    if seconds < 10.0 {
        format!("{seconds:.1} s")
    } else {
        format!("{seconds:.0} s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_every_step_and_the_sum() {
        let mut steps = Steps::new(2);
        assert_eq!(steps.run("first", || 7), 7);
        steps.run("second", || ());
        let table = steps.table();
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(
            lines[0].ends_with("first") && lines[2].ends_with("in all"),
            "{table}"
        );
    }

    #[test]
    fn seconds_are_shown_to_a_sensible_digit() {
        assert_eq!(
            (show(0.44).as_str(), show(34.4).as_str()),
            ("0.4 s", "34 s")
        );
    }
}
