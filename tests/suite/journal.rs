//! The journal as files: what a crash tears, what a flipped bit costs, what rolls over.

use std::{fs, path::PathBuf};

use schoolbell::journal::{Event, Journal, JournalError, Position, Replayed};
use tempfile::TempDir;

use crate::making::article;

fn published(number: u32) -> Event {
    Event::Published {
        article: article("office", number),
    }
}

/// A journal with three events, closed, and where they lie.
fn three() -> (TempDir, Vec<Position>, PathBuf) {
    let dir = TempDir::new().unwrap();
    let (mut journal, opened) = Journal::open(dir.path()).unwrap();
    assert_eq!(opened, schoolbell::journal::Opened::default());
    let positions = journal
        .append(&[published(1), published(2), published(3)])
        .unwrap();
    journal.sync().unwrap();
    let file = dir.path().join("00000001.log");
    (dir, positions, file)
}

/// Appends events for good.
fn append(journal: &mut Journal, events: &[Event]) -> Vec<Position> {
    let positions = journal.append(events).unwrap();
    journal.sync().unwrap();
    positions
}

fn events(journal: &Journal) -> Vec<Event> {
    journal
        .replay(Position::START)
        .unwrap()
        .filter_map(|step| match step.unwrap() {
            Replayed::Record { event, .. } => Some(*event),
            Replayed::Damaged(_) => None,
        })
        .collect()
}

#[test]
fn events_are_read_back_by_position_and_in_order() {
    let (dir, positions, _) = three();
    let (journal, opened) = Journal::open(dir.path()).unwrap();
    assert_eq!((opened.torn, opened.damaged), (None, Vec::new()));
    assert_eq!(journal.last_sequence(), 3);
    assert_eq!(journal.read(positions[1]).unwrap(), published(2));
    assert_eq!(events(&journal), [published(1), published(2), published(3)]);
    let later: Vec<_> = journal.replay(positions[2]).unwrap().collect();
    assert_eq!(later.len(), 1);
}

#[test]
fn a_torn_tail_is_cut_and_told_and_writing_goes_on() {
    let (dir, positions, file) = three();
    let length = fs::metadata(&file).unwrap().len();
    fs::OpenOptions::new()
        .write(true)
        .open(&file)
        .unwrap()
        .set_len(length - 7)
        .unwrap();
    let (mut journal, opened) = Journal::open(dir.path()).unwrap();
    let torn = opened.torn.unwrap();
    assert!(
        torn.contains("00000001.log") && torn.contains(&positions[2].offset.to_string()),
        "{torn}"
    );
    assert_eq!(events(&journal), [published(1), published(2)]);
    let again = append(&mut journal, &[published(4)]);
    assert_eq!(journal.last_sequence(), 3);
    drop(journal);
    let (journal, opened) = Journal::open(dir.path()).unwrap();
    assert_eq!(opened.torn, None);
    assert_eq!(journal.read(again[0]).unwrap(), published(4));
}

#[test]
fn zeros_that_a_power_cut_left_behind_the_last_record_are_cut() {
    let (dir, _, file) = three();
    let length = fs::metadata(&file).unwrap().len();
    fs::OpenOptions::new()
        .write(true)
        .open(&file)
        .unwrap()
        .set_len(length + 4096)
        .unwrap();
    let (journal, opened) = Journal::open(dir.path()).unwrap();
    assert!(opened.torn.is_some());
    assert_eq!(fs::metadata(&file).unwrap().len(), length);
    assert_eq!(events(&journal).len(), 3);
}

#[test]
fn a_flipped_bit_costs_one_record_and_is_named() {
    let (dir, positions, file) = three();
    let mut bytes = fs::read(&file).unwrap();
    bytes[positions[1].offset as usize + 30] ^= 4;
    fs::write(&file, &bytes).unwrap();
    let (journal, opened) = Journal::open(dir.path()).unwrap();
    assert_eq!(opened.torn, None);
    let [damage] = opened.damaged.as_slice() else {
        panic!("{opened:?}");
    };
    assert_eq!(
        (damage.path.as_path(), damage.offset),
        (file.as_path(), u64::from(positions[1].offset))
    );
    assert_eq!(events(&journal), [published(1), published(3)]);
    let error = journal.read(positions[1]).unwrap_err().to_string();
    assert!(
        error.contains("00000001.log at byte") && error.contains("checksum"),
        "{error}"
    );
}

#[test]
fn segments_roll_over_and_sequence_numbers_run_on() {
    let dir = TempDir::new().unwrap();
    let (mut journal, _) = Journal::with_segments_of(dir.path(), 1500).unwrap();
    let all: Vec<Event> = (1..=8).map(published).collect();
    let positions = append(&mut journal, &all);
    journal.sync().unwrap();
    let last = positions.last().unwrap().segment;
    assert!(last > 2, "{positions:?}");
    drop(journal);
    let (mut journal, _) = Journal::with_segments_of(dir.path(), 1500).unwrap();
    assert_eq!(journal.last_sequence(), 8);
    assert_eq!(events(&journal), all);
    journal.drop_segment(1).unwrap();
    assert!(events(&journal).len() < 8);
    let error = journal.read(positions[0]).unwrap_err();
    assert!(
        matches!(error, JournalError::Unreadable { .. }),
        "{error:?}"
    );
    assert_eq!(journal.read(positions[7]).unwrap(), all[7]);
}

#[test]
fn rewinding_takes_back_events_and_segments() {
    let dir = TempDir::new().unwrap();
    let (mut journal, _) = Journal::with_segments_of(dir.path(), 1500).unwrap();
    append(&mut journal, &[published(1)]);
    let mark = journal.mark();
    let all: Vec<Event> = (2..=8).map(published).collect();
    for sync in [false, true] {
        journal.append(&all).unwrap();
        if sync {
            journal.sync().unwrap();
        }
        journal.rewind(mark).unwrap();
    }
    assert_eq!(events(&journal), [published(1)]);
    assert_eq!(append(&mut journal, &[published(9)]).len(), 1);
    assert_eq!(journal.last_sequence(), 2);
    drop(journal);
    let (journal, opened) = Journal::open(dir.path()).unwrap();
    assert_eq!(opened.torn, None);
    assert_eq!(events(&journal), [published(1), published(9)]);
}

#[test]
fn a_segment_that_was_only_just_begun_is_begun_again() {
    let (dir, _, _) = three();
    fs::write(dir.path().join("00000002.log"), b"SBLJ").unwrap();
    let (mut journal, opened) = Journal::open(dir.path()).unwrap();
    assert!(opened.torn.unwrap().contains("00000002.log"));
    append(&mut journal, &[published(4)]);
    assert_eq!(journal.last_sequence(), 4);
    assert_eq!(events(&journal).len(), 4);
}

#[test]
fn a_segment_that_a_full_disk_cut_short_is_begun_again_without_a_restart() {
    let dir = TempDir::new().unwrap();
    let (mut journal, _) = Journal::with_segments_of(dir.path(), 1500).unwrap();
    append(&mut journal, &[published(1)]);
    // what a failed write of the next segment's header leaves
    fs::write(dir.path().join("00000002.log"), b"SBLJ").unwrap();
    let all: Vec<Event> = (1..=4).map(published).collect();
    append(&mut journal, &all[1..]);
    assert_eq!(events(&journal), all);
}

#[test]
fn the_payload_can_be_read_without_this_program() {
    let (_dir, positions, file) = three();
    let bytes = fs::read(file).unwrap();
    let record = &bytes[positions[0].offset as usize + 20..positions[1].offset as usize];
    let json = zstd::stream::decode_all(record).unwrap();
    let value: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(value["event"], "published");
    assert_eq!(value["article"]["title"], article("office", 1).title);
}
