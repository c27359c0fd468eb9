//! Who is polled next of those that are due. Pure: in which order they joined decides, and who is under way.
//!
//! As many polls are under way as the line allows, however many sources are due; the others wait as numbers. Two kinds
//! never take all places: the sources of one host, which it answers one after the other anyway, and the sources whose
//! last poll failed, which may hang until their time is up.

use std::collections::{HashMap, VecDeque};

/// How many polls may be under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    /// In all.
    pub(super) all: usize,
    /// To one host.
    pub(super) per_host: usize,
    /// Of sources whose last poll failed.
    pub(super) doubtful: usize,
}

impl Places {
    /// The places for so many requests at once, in all and to one host. A poll mostly waits for its host's turn, so
    /// there are more polls than requests.
    pub(super) fn new(concurrency: usize, per_host: usize) -> Self {
        Self {
            all: concurrency.saturating_mul(4),
            per_host: per_host.saturating_mul(4),
            doubtful: (concurrency / 2).max(1),
        }
    }
}

/// A source that is due.
#[derive(Clone, Debug)]
struct Due {
    index: usize,
    host: usize,
    doubtful: bool,
}

/// The sources that are due, and those that are being polled.
pub(super) struct Line {
    places: Places,
    /// Each source's host, as a number.
    hosts: Vec<usize>,
    /// By host: sources that wait because of it, and how many of its others are on.
    at_host: Vec<AtHost>,
    sound: VecDeque<Due>,
    doubtful: VecDeque<Due>,
    under_way: HashMap<usize, Due>,
    doubtful_under_way: usize,
}

#[derive(Default)]
struct AtHost {
    /// In the line or under way.
    on: usize,
    waiting: VecDeque<Due>,
}

impl Line {
    /// A line for sources at these hosts.
    pub(super) fn new<H: Eq + std::hash::Hash>(
        places: Places,
        hosts: impl Iterator<Item = H>,
    ) -> Self {
        let mut numbers = HashMap::new();
        let hosts: Vec<usize> = hosts
            .map(|host| {
                let next = numbers.len();
                *numbers.entry(host).or_insert(next)
            })
            .collect();
        Self {
            places,
            hosts,
            at_host: numbers.iter().map(|_| AtHost::default()).collect(),
            sound: VecDeque::new(),
            doubtful: VecDeque::new(),
            under_way: HashMap::new(),
            doubtful_under_way: 0,
        }
    }

    /// A source is due.
    pub(super) fn join(&mut self, index: usize, doubtful: bool) {
        let host = self.hosts[index];
        let due = Due {
            index,
            host,
            doubtful,
        };
        if self.at_host[host].on < self.places.per_host {
            self.stand(due);
        } else {
            self.at_host[host].waiting.push_back(due);
        }
    }

    fn stand(&mut self, due: Due) {
        self.at_host[due.host].on += 1;
        if due.doubtful {
            self.doubtful.push_back(due);
        } else {
            self.sound.push_back(due);
        }
    }

    /// The next source to poll, if there is a place: it is under way from now on.
    pub(super) fn call(&mut self) -> Option<usize> {
        if self.under_way.len() >= self.places.all {
            return None;
        }
        let may_fail = self.doubtful_under_way < self.places.doubtful;
        // the doubtful first: there are few places for them, and they leave enough for the others
        let doubtful = may_fail.then(|| self.doubtful.pop_front()).flatten();
        let due = doubtful.or_else(|| self.sound.pop_front())?;
        self.doubtful_under_way += usize::from(due.doubtful);
        let index = due.index;
        self.under_way.insert(index, due);
        Some(index)
    }

    /// A poll has ended.
    pub(super) fn leave(&mut self, index: usize) {
        let Some(due) = self.under_way.remove(&index) else {
            return;
        };
        self.doubtful_under_way -= usize::from(due.doubtful);
        self.at_host[due.host].on -= 1;
        if let Some(next) = self.at_host[due.host].waiting.pop_front() {
            self.stand(next);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACES: Places = Places {
        all: 4,
        per_host: 2,
        doubtful: 1,
    };

    fn called(line: &mut Line) -> Vec<usize> {
        std::iter::from_fn(|| line.call()).collect()
    }

    #[test]
    fn no_more_are_under_way_than_there_are_places() {
        let mut line = Line::new(PLACES, 0..1000);
        (0..1000).for_each(|index| line.join(index, false));
        assert_eq!(called(&mut line), [0, 1, 2, 3]);
        line.leave(2);
        line.leave(0);
        assert_eq!(called(&mut line), [4, 5]);
    }

    #[test]
    fn one_host_never_takes_all_places_and_its_sources_come_in_turn() {
        let mut line = Line::new(PLACES, (0..10).map(|index| index < 8));
        (0..10).for_each(|index| line.join(index, false));
        assert_eq!(called(&mut line), [0, 1, 8, 9]);
        line.leave(1);
        line.leave(9);
        assert_eq!(called(&mut line), [2]);
    }

    #[test]
    fn the_doubtful_leave_places_to_the_sound() {
        let mut line = Line::new(PLACES, 0..20);
        (0..10).for_each(|index| line.join(index, true));
        (10..20).for_each(|index| line.join(index, false));
        assert_eq!(called(&mut line), [0, 10, 11, 12]);
        line.leave(10);
        assert_eq!(called(&mut line), [13]);
        line.leave(0);
        assert_eq!(called(&mut line), [1]);
    }
}
