//! Deterministic mutations: flipped, overwritten, cut, doubled, moved, and spliced bytes.

/// An endless row of mutations of some seeds.
pub(crate) struct Mutations<'a> {
    seeds: &'a [Vec<u8>],
    random: Random,
}

impl<'a> Mutations<'a> {
    pub(crate) fn of(seeds: &'a [Vec<u8>]) -> Self {
        Self { seeds, random: Random(0x2545_f491_4f6c_dd1d) }
    }
}

impl Iterator for Mutations<'_> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let random = &mut self.random;
        let mut bytes = self.seeds[random.below(self.seeds.len())].clone();
        // Few changes come far, many come to strange places.
        for _ in 0..=random.below(3) {
            let other = &self.seeds[random.below(self.seeds.len())];
            change(&mut bytes, other, random);
        }
        Some(bytes)
    }
}

/// Values at which lengths and tags turn into others.
const EDGES: [u8; 12] = [0, 1, 0x17, 0x1f, 0x20, 0x30, 0x58, 0x7f, 0x80, 0x82, 0xf6, 0xff];

fn change(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    if bytes.is_empty() {
        bytes.extend(other);
    }
    let at = random.below(bytes.len());
    let end = (at + 1 + random.below(32)).min(bytes.len());
    match random.below(16) {
        0..=4 => bytes[at] ^= 1 << random.below(8),
        5 | 6 => bytes[at] = EDGES[random.below(EDGES.len())],
        7 => bytes[at] = bytes[at].wrapping_add(1),
        8 => bytes[at] = bytes[at].wrapping_sub(1),
        // The head, where versions and switches are.
        9 => bytes[random.below(end.min(8))] = random.byte(),
        10 => bytes[at..end].fill(0),
        11 => bytes.truncate(at),
        12 => {
            bytes.drain(at..end);
        }
        13 => {
            let copy = bytes[at..end].to_vec();
            bytes.splice(at..at, copy);
        }
        14 => {
            let to = random.below(bytes.len() - (end - at) + 1);
            bytes.copy_within(at..end, to);
        }
        _ => {
            let from = random.below(other.len().max(1)).min(other.len());
            bytes.truncate(at);
            bytes.extend(&other[from..]);
        }
    }
}

/// Xorshift: good enough to spread, and the same on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound.max(1)).unwrap();
        usize::try_from(self.next() % bound).unwrap()
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[3]
    }
}
