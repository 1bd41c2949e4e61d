//! `TIME...` and `DURATION`, worked out of the time that the host hands in. All in UTC.

use super::Transaction;
use crate::program::Collection;
use crate::store::ValueId;

const SECONDS_A_DAY: u64 = 86_400;

impl Transaction<'_> {
    /// The value of a variable about time; `None` when it is about something else.
    pub(super) fn clock(&mut self, collection: Collection) -> Option<ValueId> {
        let seconds = self.state.time_us / 1_000_000;
        let in_day = seconds % SECONDS_A_DAY;
        let (hour, minute, second) = (in_day / 3600, in_day / 60 % 60, in_day % 60);
        let number = match collection {
            Collection::Duration => self.state.duration_us / 1_000,
            Collection::TimeEpoch => seconds,
            Collection::TimeHour => hour,
            Collection::TimeMin => minute,
            Collection::TimeSec => second,
            Collection::TimeDay => date(seconds / SECONDS_A_DAY).2,
            // As C's `tm_mon` and `tm_wday`: January and Sunday are 0.
            Collection::TimeMon => date(seconds / SECONDS_A_DAY).1 - 1,
            Collection::TimeWday => (seconds / SECONDS_A_DAY + 4) % 7,
            Collection::TimeYear => date(seconds / SECONDS_A_DAY).0,
            Collection::Time => {
                let text = format!("{hour:02}:{minute:02}:{second:02}");
                return Some(self.workspace.values.intern(text.as_bytes()));
            }
            _ => return None,
        };
        Some(self.intern_number(number))
    }
}

/// Year, month (1 to 12) and day of the month of a day counted from 1970-01-01, by the Gregorian
/// calendar: eras of 400 years that begin on the first of March.
fn date(day: u64) -> (u64, u64, u64) {
    let day = day + 719_468;
    let (era, day_of_era) = (day / 146_097, day % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    (
        era * 400 + year_of_era + u64::from(month <= 2),
        month,
        day_of_month,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(date(0), (1970, 1, 1));
        assert_eq!(date(11_016), (2000, 2, 29));
        assert_eq!(date(20_657), (2026, 7, 23));
        assert_eq!(date(19_722), (2023, 12, 31));
    }
}
