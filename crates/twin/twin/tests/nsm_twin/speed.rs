//! How many documents a module signs in a second.

use std::time::Instant;

use teeproof_twin::nsm::Settings;

use crate::client::{Client, start};

/// In a release build; the figure is printed. A busy machine is no reason for a test to fail, so this one runs by name.
#[test]
#[ignore = "a measurement"]
fn a_thousand_documents_a_second() {
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    for threads in [1_u32, 2] {
        let began = Instant::now();
        if threads == 1 {
            (0..1000).for_each(|_| drop(client.attest(None, Some(&[1; 32]), None)));
        } else {
            std::thread::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(|| {
                        let mut client = Client::of(&running);
                        (0..1000).for_each(|_| drop(client.attest(None, Some(&[1; 32]), None)));
                    });
                }
            });
        }
        let rate = f64::from(1000 * threads) / began.elapsed().as_secs_f64();
        println!("{threads} connections: {rate:.0} documents a second");
        assert!(rate >= 1000.0, "{rate}");
    }
}
