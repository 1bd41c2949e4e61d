//! Adds up what the test programs say.

use std::fmt;

/// Tests by how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    passed: usize,
    failed: usize,
    ignored: usize,
    said_skipped: usize,
}

impl Counts {
    /// Takes one line of a test program's output into account.
    ///
    /// `test result: ok. 3 passed; 0 failed; 1 ignored; ...` is libtest's. A line that starts
    /// with `SKIPPED` is ours: a test that found what it needs missing says so and returns, and
    /// libtest counts it as passed.
    pub(super) fn take_line(&mut self, line: &str) {
        let line = line.trim_start();
        if line.starts_with("SKIPPED") {
            self.said_skipped += 1;
            return;
        }
        let result = line
            .strip_prefix("test result: ")
            .and_then(|rest| rest.split_once(". "));
        let Some((_, numbers)) = result else { return };
        for part in numbers.split("; ") {
            let Some((number, what)) = part.split_once(' ') else {
                continue;
            };
            let Ok(number) = number.parse::<usize>() else {
                continue;
            };
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }

    /// Adds those of other test programs.
    pub(super) fn add(&mut self, other: &Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
        self.said_skipped += other.said_skipped;
    }

    /// A step that is not a test program failed, or one did without saying so in its result.
    pub(super) fn step_failed(&mut self) {
        self.failed += 1;
    }

    /// A step was left out.
    pub(super) fn step_skipped(&mut self) {
        self.ignored += 1;
    }

    /// True if anything failed.
    pub(super) fn any_failed(&self) -> bool {
        self.failed > 0
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let passed = self.passed.saturating_sub(self.said_skipped);
        let skipped = self.ignored + self.said_skipped;
        write!(
            f,
            "{passed} passed, {} failed, {skipped} skipped",
            self.failed
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_lines_are_added_up() {
        let mut counts = Counts::default();
        for line in [
            "running 3 tests",
            "test result: ok. 18 passed; 0 failed; 2 ignored; 0 measured; 7 filtered out; finished in 1.46s",
            "test result: FAILED. 4 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "SKIPPED jose: the vectors are not there",
            "test a_test_about_passed ... ok",
            "test result: nonsense",
        ] {
            counts.take_line(line);
        }
        assert!(counts.any_failed());
        assert_eq!(counts.to_string(), "21 passed, 1 failed, 3 skipped");
    }

    #[test]
    fn steps_count_too() {
        let mut counts = Counts::default();
        counts.step_skipped();
        assert!(!counts.any_failed());
        counts.step_failed();
        assert_eq!(counts.to_string(), "0 passed, 1 failed, 1 skipped");
    }
}
