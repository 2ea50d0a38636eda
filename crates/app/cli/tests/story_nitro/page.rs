//! A page with commands for a shell and the output that it shows for them.

/// Commands of the page.
#[derive(Debug)]
pub(crate) struct Block {
    /// The heading above them.
    pub(crate) chapter: String,
    /// The content of a fenced block `sh`.
    pub(crate) commands: String,
    /// The content of the block `text` after it, if there is one: the output, shortened by `…`.
    pub(crate) shown: String,
}

impl Block {
    /// Whether this is the output that the page shows. Without one, the commands print nothing.
    pub(crate) fn shows(&self, output: &str) -> bool {
        let mut fragments = self.shown.trim_end().split('…');
        let first = fragments.next().unwrap_or_default();
        let Some(mut rest) = output.trim_end().strip_prefix(first) else { return false };
        let fragments: Vec<_> = fragments.collect();
        let Some((last, between)) = fragments.split_last() else { return rest.is_empty() };
        for fragment in between {
            let Some((_, after)) = rest.split_once(fragment) else { return false };
            rest = after;
        }
        rest.ends_with(last)
    }
}

/// The blocks of a page in order.
pub(crate) fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut chapter = String::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(heading) = line.strip_prefix("## ") {
            heading.clone_into(&mut chapter);
        }
        let Some(language) = line.strip_prefix("```") else { continue };
        let content: String =
            lines.by_ref().take_while(|line| *line != "```").flat_map(|line| [line, "\n"]).collect();
        match (language, blocks.last_mut()) {
            ("sh", _) => {
                blocks.push(Block { chapter: chapter.clone(), commands: content, shown: String::new() });
            }
            ("text", Some(block)) if block.shown.is_empty() && block.chapter == chapter => {
                block.shown = content;
            }
            _ => panic!("a block {language} without commands before it: {content}"),
        }
    }
    blocks
}

#[test]
fn output_is_compared_with_its_short_form() {
    let is = |shown: &str, output: &str| {
        let (chapter, commands) = (String::new(), String::new());
        Block { chapter, commands, shown: shown.to_owned() }.shows(output)
    };
    assert!(is("", "") && is("", "\n") && !is("", "a"));
    assert!(is("a\n", "a\n") && !is("a\n", "a\nb\n"));
    assert!(is("a…c\n", "abc") && is("a…c", "ac") && !is("a…c", "abcd") && !is("a…c", "bc"));
    assert!(is("…\nb\n…\nd\n", "a\nb\nc\nd\n") && !is("…\nb\n…\nd\n", "a\nc\nb\nd\n"));
    assert!(is("a …\n…\n", "a b\nc\n") && !is("a…b…b", "ab"));
}
