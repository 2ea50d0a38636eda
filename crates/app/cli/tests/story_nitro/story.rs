//! A page that is run chapter by chapter.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use super::page::{Block, blocks};
use super::session::Session;
use super::support::{folder, root};

/// How long a program in the background may take until it is ready.
const PATIENCE: Duration = Duration::from_secs(60);

/// A page, and how far it was run.
pub(crate) struct Story {
    session: Session,
    blocks: VecDeque<Block>,
    chapter: &'static str,
    folder: PathBuf,
}

impl Story {
    /// Begins a page in an empty folder.
    pub(crate) fn begin(page: &str, test: &str) -> Self {
        let (text, folder) = (std::fs::read_to_string(root().join(page)).unwrap(), folder(test));
        Self { session: Session::start(&folder), blocks: blocks(&text).into(), chapter: "", folder }
    }

    /// The blocks up to the next chapter are under this heading.
    #[track_caller]
    pub(crate) fn chapter(&mut self, heading: &'static str) {
        let next = self.blocks.front().map(|block| block.chapter.as_str());
        assert_eq!(next, Some(heading), "the blocks of {} before it were not all run", self.chapter);
        self.chapter = heading;
    }

    /// Leaves a chapter out.
    pub(crate) fn leave_out(&mut self, heading: &'static str) {
        self.chapter(heading);
        while self.blocks.front().is_some_and(|block| block.chapter == heading) {
            self.blocks.pop_front();
        }
    }

    /// Runs the next block, whose last command ends with this exit code, and gives its output: what the page shows.
    #[track_caller]
    pub(crate) fn run(&mut self, exit: i32) -> String {
        let block = self.blocks.pop_front().expect("the page has no further block");
        assert_eq!(block.chapter, self.chapter, "{block:#?}");
        let ran = self.session.run(&block.commands);
        assert_eq!((ran.exit, ran.failed_before), (exit, false), "{}\n{}", block.commands, ran.output);
        let (commands, shown) = (&block.commands, &block.shown);
        assert!(block.shows(&ran.output), "{commands}\nthe page shows:\n{shown}\ngot:\n{}", ran.output);
        ran.output
    }

    /// Runs the next block, which starts programs in the background, and waits until these files have these texts.
    #[track_caller]
    pub(crate) fn start(&mut self, ready: &[(&str, &str)]) {
        self.run(0);
        let end = Instant::now() + PATIENCE;
        for (name, text) in ready {
            // The shell makes the file when it starts the program.
            let said = || std::fs::read_to_string(self.path(name)).unwrap_or_default();
            while !said().split_inclusive('\n').any(|line| line.contains(text) && line.ends_with('\n')) {
                assert!(Instant::now() < end, "{name}: {}", said());
                thread::sleep(Duration::from_millis(20));
            }
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn file(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// Every block was run.
    pub(crate) fn end(self) {
        assert!(self.blocks.is_empty(), "not run: {:#?}", self.blocks);
    }
}

/// The ids of the failed checks in a result, in its order.
pub(crate) fn failed_checks(result: &str) -> Vec<&str> {
    let failed = result.lines().filter_map(|line| line.strip_prefix(" ✘ "));
    failed.map(|line| line.split(' ').next().unwrap()).collect()
}

/// How the error of an operation begins that the key policy of the first KMS denies.
pub(crate) fn denied(story: &Story, operation: &str) -> String {
    let environment = String::from_utf8(story.file("kms.env")).unwrap();
    let (_, key) = environment.trim_end().rsplit_once("TEEPROOF_KMS_KEY=").unwrap();
    format!(
        "error: {operation}: AccessDeniedException: User: arn:aws:iam::123456789012:role/teeproof-twin is not \
         authorized to perform: kms:{operation} on resource: {key} with an explicit deny in a resource-based policy"
    )
}
