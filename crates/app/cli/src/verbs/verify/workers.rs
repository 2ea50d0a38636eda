//! Parallel verification of many files, with results in the order of the files.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;

use teeproof_x509::SignatureCache;

use crate::output::fault::Fault;

/// Does the work for each file and hands the results over in batches, in the order of the files.
///
/// Each worker has its own cache of signatures, so that none waits for another. Workers take batches in turn, and
/// each is at most two batches ahead, so that memory does not grow with the number of files.
pub(super) fn in_order<T: Send>(
    files: &[PathBuf],
    work: impl Fn(&mut SignatureCache, &Path) -> T + Sync,
    mut hand_over: impl FnMut(Vec<T>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let workers = cores.min(files.len()).max(1);
    let batches = files.chunks(files.len().div_ceil(workers).clamp(1, BATCH));
    thread::scope(|scope| {
        let lane = |first| {
            let (sender, results) = mpsc::sync_channel(1);
            let (work, batches) = (&work, batches.clone());
            scope.spawn(move || {
                let mut cache = SignatureCache::new(CACHED_SIGNATURES);
                for batch in batches.skip(first).step_by(workers) {
                    let batch: Vec<T> = batch.iter().map(|path| work(&mut cache, path)).collect();
                    if sender.send(batch).is_err() {
                        return; // The receiver is gone.
                    }
                }
            });
            results
        };
        let lanes: Vec<mpsc::Receiver<Vec<T>>> = (0..workers).map(lane).collect();
        for lane in lanes.iter().cycle().take(batches.len()) {
            // A worker that is gone has panicked; the scope passes the panic on.
            let Ok(batch) = lane.recv() else { break };
            hand_over(batch)?;
        }
        Ok(())
    })
}

/// Files of one batch: enough that handing over costs nothing.
const BATCH: usize = 64;
/// Signatures in the cache of a worker: chains of hundreds of machines.
const CACHED_SIGNATURES: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn files(count: usize) -> Vec<PathBuf> {
        (0..count).map(|number| PathBuf::from(number.to_string())).collect()
    }

    #[test]
    fn results_are_in_the_order_of_the_files() {
        for count in [0, 1, 2, 3, 63, 64, 65, 127, 128, 129, 1000] {
            let files = files(count);
            let mut seen = Vec::new();
            let end = in_order(
                &files,
                |_, path| {
                    // The first file of all is the slowest.
                    if path == Path::new("0") {
                        thread::sleep(std::time::Duration::from_millis(20));
                    }
                    path.to_path_buf()
                },
                |batch| {
                    assert!(batch.len() <= BATCH);
                    seen.extend(batch);
                    Ok(())
                },
            );
            assert!(end.is_ok());
            assert_eq!(seen, files);
        }
    }

    #[test]
    fn an_error_of_the_receiver_ends_the_work() {
        let mut batches = 0;
        let end = in_order(
            &files(100_000),
            |_, _| (),
            |_| {
                batches += 1;
                if batches == 3 { Err(Fault::internal("the disk is full")) } else { Ok(()) }
            },
        );
        assert!(end.is_err());
        assert_eq!(batches, 3);
    }
}
