//! When a thousand made-up sources publish and fail, for a year and the two months before it.
//!
//! Written from what such sites are like, as a clerk would tell it: who sits down when to put how many notices online,
//! when there is no school, what runs by itself at night, which servers are away. The second world knows no school at
//! all: each source draws windows, gaps and floods of its own.

/// The year begins: 2026-01-01T00:00 in Shanghai.
pub(crate) const BEGIN: i64 = 1_767_196_800;
pub(crate) const END: i64 = BEGIN + 365 * DAY;

/// What was published before the first poll reaches so far back.
const BEFORE: i64 = 60 * DAY;
const DAY: i64 = 86_400;
const HOUR: i64 = 3_600;
const MINUTE: i64 = 60;

/// Which description the sources follow.
#[derive(Clone, Copy)]
pub(crate) enum World {
    /// Schools, universities and departments, mostly Chinese.
    Described,
    /// Anything.
    Wild,
}

/// What one source does.
pub(crate) struct Life {
    pub(crate) kind: &'static str,
    pub(crate) timezone: &'static str,
    /// Seconds since 1970, in order.
    pub(crate) published: Vec<i64>,
    /// From when until when its polls fail.
    away: Vec<(i64, i64)>,
}

impl Life {
    pub(crate) fn in_the_year(&self) -> &[i64] {
        &self.published[self.published.partition_point(|at| *at < BEGIN)..]
    }

    pub(crate) fn fails(&self, at: i64) -> bool {
        self.away
            .iter()
            .any(|(from, to)| (*from..*to).contains(&at))
    }
}

impl World {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Described => "a year of schools and departments",
            Self::Wild => "a year of anything",
        }
    }

    pub(crate) fn lives(self, number: usize, seed: u64) -> Vec<Life> {
        (0..number)
            .map(|n| {
                let mut chance =
                    Chance(seed.wrapping_mul(0x9e37_79b9).wrapping_add(n as u64) << 20);
                let mut life = match self {
                    Self::Described => described(n * 1000 / number, &mut chance),
                    Self::Wild => wild(&mut chance),
                };
                life.published.sort_unstable();
                life.published
                    .retain(|at| (BEGIN - BEFORE..END).contains(at));
                life.away = away(&mut chance);
                if life.kind == "dead" {
                    // nothing any more, and half of the servers go for good
                    let death = BEGIN + chance.below(200 * DAY) - 60 * DAY;
                    life.published.retain(|at| *at < death);
                    if chance.happens(0.5) {
                        life.away.push((death + chance.below(60 * DAY), END));
                    }
                }
                life
            })
            .collect()
    }
}

/// Maintenance at night, a failing disk, a lapsed certificate: hours, seldom days.
fn away(chance: &mut Chance) -> Vec<(i64, i64)> {
    let mut away = Vec::new();
    for _ in 0..chance.below(7) {
        let from = BEGIN + chance.below(365 * DAY);
        let long = if chance.happens(0.15) {
            1 + chance.below(4 * DAY)
        } else {
            10 * MINUTE + chance.below(6 * HOUR)
        };
        away.push((from, from + long));
    }
    away
}

/// A day as people there know it.
struct Day {
    /// Its first second on the clock of the place.
    midnight: i64,
    /// From Monday, 0.
    weekday: i64,
    works: bool,
    school_is_out: bool,
}

/// Days of 2026 by month and day: nobody works. With some of the year before.
const HOLIDAYS: [((i64, i64), (i64, i64)); 7] = [
    ((1, 1), (1, 3)),   // New Year
    ((2, 15), (2, 23)), // Spring Festival
    ((4, 4), (4, 6)),   // Qingming
    ((5, 1), (5, 5)),   // Labour Day
    ((6, 19), (6, 21)), // Dragon Boat
    ((9, 25), (9, 27)), // Mid-Autumn
    ((10, 1), (10, 7)), // National Day
];
/// Saturdays and Sundays that are worked to make up for them.
const MADE_UP: [(i64, i64); 6] = [(1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)];
/// Schools and universities are closed: the winter holidays, the summer's.
const SCHOOL_OUT: [((i64, i64), (i64, i64)); 2] = [((1, 24), (3, 1)), ((7, 11), (8, 30))];

const MONTHS: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

fn of_year((month, day): (i64, i64)) -> i64 {
    MONTHS[..(month - 1) as usize].iter().sum::<i64>() + day - 1
}

/// The days from before the year to its end; `offset` is the place's, in hours.
fn days(offset: i64, chinese: bool) -> Vec<Day> {
    (-BEFORE / DAY..365)
        .map(|n| {
            // the first of January 2026 was a Thursday
            let weekday = (n + 3).rem_euclid(7);
            let within = |(from, to): &((i64, i64), (i64, i64))| {
                (of_year(*from)..=of_year(*to)).contains(&n)
            };
            let weekend = weekday >= 5;
            let works = if chinese {
                MADE_UP.iter().any(|day| of_year(*day) == n)
                    || !weekend && !HOLIDAYS.iter().any(within)
            } else {
                // some days at Easter, Christmas
                !weekend && ![0, 92, 95, 358, 359].contains(&n) && n < 357
            };
            let school_is_out = if chinese {
                SCHOOL_OUT.iter().any(within)
            } else {
                (160..240).contains(&n)
            };
            Day {
                // a clock that is `offset` ahead shows midnight that much earlier
                midnight: BEGIN + 8 * HOUR + n * DAY - offset * HOUR,
                weekday,
                works,
                school_is_out,
            }
        })
        .collect()
}

/// Somebody sits down at `at` and puts so many online, a few minutes each.
fn session(published: &mut Vec<i64>, at: i64, articles: i64, chance: &mut Chance) {
    let mut at = at;
    for _ in 0..articles {
        published.push(at);
        at += MINUTE + chance.below(12 * MINUTE);
    }
}

/// A moment of office time: a clerk starts at half past eight or so, eats at noon, some rest until half past two.
fn office(day: &Day, chance: &mut Chance) -> i64 {
    let (from, to) = match chance.below(10) {
        0..5 => (8 * HOUR + 20 * MINUTE, 11 * HOUR + 50 * MINUTE),
        5..9 => (14 * HOUR, 17 * HOUR + 40 * MINUTE),
        _ => (11 * HOUR, 19 * HOUR),
    };
    day.midnight + from + chance.below(to - from)
}

#[allow(clippy::too_many_lines, reason = "one description after the other")]
fn described(n: usize, chance: &mut Chance) -> Life {
    let mut published = Vec::new();
    let p = &mut published;
    let (mut zone, mut offset, mut chinese) = ("Asia/Shanghai", 8, true);
    if n.is_multiple_of(25) {
        (zone, offset, chinese) = if n.is_multiple_of(50) {
            ("America/Phoenix", -7, false)
        } else {
            ("Asia/Tokyo", 9, false)
        };
    }
    let days = days(offset, chinese);
    // some change their ways in the course of the year: a column is given up or a clerk hired
    let (turn, times) = if chance.happens(0.15) {
        (
            BEGIN + chance.below(365 * DAY),
            if chance.happens(0.5) { 0.15 } else { 3.0 },
        )
    } else {
        (END, 1.0)
    };
    let eager = 0.4 + chance.even() * 1.4;
    let much =
        |day: &Day, usual: f64| usual * eager * if day.midnight > turn { times } else { 1.0 };
    let kind = match n {
        // a bureau's notices: some on most days
        0..280 => {
            for day in &days {
                let usual = if day.school_is_out { 0.35 } else { 0.6 };
                if day.works && chance.happens(much(day, usual)) {
                    let at = office(day, chance);
                    let articles = 1 + chance.below(2) * chance.below(4);
                    session(p, at, articles, chance);
                }
            }
            "bureau's notices"
        }
        // a school: what happened in the week is put online in one go, often on its last afternoons
        280..470 => {
            let favourite = 2 + chance.below(3);
            let hour = 14 + chance.below(3);
            for day in &days {
                if !day.works || day.school_is_out {
                    continue;
                }
                if day.weekday == favourite && chance.happens(much(day, 0.6)) {
                    let at = day.midnight + hour * HOUR + chance.below(2 * HOUR);
                    let articles = 1 + chance.below(6);
                    session(p, at, articles, chance);
                } else if chance.happens(much(day, 0.12)) {
                    session(p, office(day, chance), 1, chance);
                }
            }
            "school"
        }
        // a university's news: several a day, in the evening too, some at weekends and in the holidays
        470..610 => {
            for day in &days {
                let sittings = match (day.works, day.school_is_out) {
                    (true, false) => 3.0,
                    (true, true) => 0.6,
                    (false, false) => 0.8,
                    (false, true) => 0.25,
                };
                for _ in 0..4 {
                    if chance.happens(much(day, sittings / 4.0)) {
                        let at = if chance.happens(0.3) {
                            day.midnight + 18 * HOUR + chance.below(5 * HOUR)
                        } else {
                            office(day, chance)
                        };
                        let articles = 1 + chance.below(3);
                        session(p, at, articles, chance);
                    }
                }
            }
            "university's news"
        }
        // a faculty's lectures and notices
        610..720 => {
            for day in &days {
                if day.works
                    && chance.happens(much(day, if day.school_is_out { 0.05 } else { 0.45 }))
                {
                    session(p, office(day, chance), 1 + chance.below(2), chance);
                }
            }
            "faculty"
        }
        // a province's newsroom: all day, a service on Saturdays and Sundays
        720..770 => {
            for day in &days {
                let articles = if day.works { 9.0 } else { 1.5 };
                for _ in 0..12 {
                    if chance.happens(much(day, articles / 12.0)) {
                        p.push(office(day, chance));
                    }
                }
            }
            "province's news"
        }
        // admissions: silent but for its seasons, and then all day and late
        770..820 => {
            for day in &days {
                let n = (day.midnight - BEGIN) / DAY;
                let season = (60..110).contains(&n) || (160..215).contains(&n);
                if chance.happens(if season { 0.7 } else { 0.05 }) && (day.works || season) {
                    let at = day.midnight
                        + 8 * HOUR
                        + 30 * MINUTE
                        + chance.below(if season { 14 * HOUR } else { 8 * HOUR });
                    session(p, at, 1 + chance.below(4), chance);
                }
            }
            "admissions"
        }
        // once in a month or two
        820..880 => {
            for day in &days {
                if day.works && chance.happens(much(day, 0.03)) {
                    session(p, office(day, chance), 1, chance);
                }
            }
            "seldom"
        }
        // a portal whose editors are machines: each hour some minutes past, from early to late
        880..895 => {
            for day in &days {
                for hour in 6..23 {
                    if chance.happens(0.8) {
                        p.push(day.midnight + hour * HOUR + chance.below(8 * MINUTE));
                    }
                }
            }
            "hourly portal"
        }
        // an export that runs at night and brings what was signed during the day
        895..930 => {
            let hour = chance.below(5);
            for day in &days {
                // the day's papers come the night after
                if day.weekday != 6 && day.weekday != 0 && chance.happens(much(day, 0.6)) {
                    let at = day.midnight + hour * HOUR + chance.below(20 * MINUTE);
                    for _ in 0..=chance.below(4) {
                        p.push(at);
                    }
                }
            }
            "at night"
        }
        // a volunteer: evenings and weekends
        930..950 => {
            for day in &days {
                if chance.happens(much(day, if day.weekday >= 5 { 0.5 } else { 0.2 })) {
                    let at = day.midnight + 19 * HOUR + chance.below(4 * HOUR);
                    session(p, at, 1 + chance.below(2), chance);
                }
            }
            "evenings and weekends"
        }
        _ => {
            for day in &days {
                if day.works && chance.happens(much(day, 0.3)) {
                    session(p, office(day, chance), 1 + chance.below(2), chance);
                }
            }
            "dead"
        }
    };
    Life {
        kind,
        timezone: zone,
        published,
        away: Vec::new(),
    }
}

/// Windows of any hours and days, gaps with a heavy tail, now and then a flood or a month of nothing.
fn wild(chance: &mut Chance) -> Life {
    let mut published = Vec::new();
    let from = chance.below(24);
    let long = 2 + chance.below(22);
    let days_of_week = 1 + chance.below(127);
    // from one in some hours to one in some weeks
    let mean_gap = HOUR as f64 * 2.0 * (chance.even() * 5.5).exp();
    let silent = chance.below(365);
    let silence = chance.below(60);
    let mut at = BEGIN - BEFORE;
    while at < END {
        // of Pareto's kind
        let gap = mean_gap * 0.4 * ((1.0 - chance.even()).powf(-0.6) - 0.6);
        at += gap.max(60.0) as i64;
        let day = (at - BEGIN).div_euclid(DAY);
        let hour = (at - BEGIN).rem_euclid(DAY) / HOUR;
        let open =
            (hour - from).rem_euclid(24) < long && days_of_week >> (day + 3).rem_euclid(7) & 1 == 1;
        // what misses its window comes all the same, sometimes
        if (silent..silent + silence).contains(&day) || !open && !chance.happens(0.04) {
            continue;
        }
        let articles = if chance.happens(0.02) { 15 } else { 1 };
        for _ in 0..articles {
            published.push(at);
        }
    }
    Life {
        kind: if chance.happens(0.05) {
            "dead"
        } else {
            "anything"
        },
        timezone: "Asia/Shanghai",
        published,
        away: Vec::new(),
    }
}

/// Chance that comes out the same each time (splitmix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Between 0 and 1.
    fn even(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, bound: i64) -> i64 {
        (self.even() * bound as f64) as i64
    }

    fn happens(&mut self, share: f64) -> bool {
        self.even() < share
    }
}
