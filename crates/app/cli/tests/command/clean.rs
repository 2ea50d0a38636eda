//! Foreign text that would steer a terminal, and what no output may hold of it.

/// Clears the screen, sets a colour that is never ours, begins a line, goes back, turns the direction, hides.
pub(crate) const HOSTILE: &str = "\u{1b}[2J\u{1b}[45m\nFORGED\u{8}\r\u{7f}\u{9b}2J\u{85}\u{ad}\u{61c}\u{200b}\u{200e}\u{202e}\u{2028}\u{2029}\u{2066}\u{feff}\u{e0041}";

/// What no output may hold.
pub(crate) fn is_raw(character: char) -> bool {
    let invisible = ['\u{ad}', '\u{61c}', '\u{2028}', '\u{2029}', '\u{feff}'];
    character.is_control()
        || invisible.contains(&character)
        || ('\u{200b}'..='\u{200f}').contains(&character)
        || ('\u{202a}'..='\u{202e}').contains(&character)
        || ('\u{2060}'..='\u{2069}').contains(&character)
        || ('\u{e0000}'..='\u{e0fff}').contains(&character)
}

/// The text without settings of colour, each of which has to be one of ours.
#[track_caller]
pub(crate) fn without_colours(text: &str) -> String {
    let mut pieces = text.split("\u{1b}[");
    let mut out = pieces.next().unwrap().to_string();
    for piece in pieces {
        let (setting, rest) = piece.split_once('m').unwrap_or_else(|| panic!("not a colour: {text:?}"));
        let ours = setting.is_empty() || ["0", "1", "2", "4", "31", "32", "33", "36"].contains(&setting);
        assert!(ours, "{setting:?}: {text:?}");
        out.push_str(rest);
    }
    out
}

#[track_caller]
pub(crate) fn clean(text: &str) {
    if let Some(raw) = text.chars().find(|character| *character != '\n' && is_raw(*character)) {
        panic!("{raw:?} in {text:?}");
    }
    assert!(!text.lines().any(|line| line.trim_start().starts_with("FORGED")), "a forged line: {text}");
}
