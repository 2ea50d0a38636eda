//! Exported caches: the same entries after an import, and nothing false in a cache whatever a file says.

use std::io::Cursor;

use base64ct::Encoding;
use serde_json::Value;
use teeproof_core::{Hex, Time, Validity};
use teeproof_endorse::{
    AmdKey, Cache, CacheArchive, CacheEntry, CacheLimits, Endpoints, Error, ExpiredEntries, Imported,
    Question, Service, archive_head, archive_line,
};
use teeproof_mint::x509::Extension;
use teeproof_wire::snp::Product;

use crate::folder::Folder;
use crate::minted::{NOW, PRODUCTS, authority, chain, crl, crl_of, issuers, machine, milan, vcek};
use crate::questions::IDENTITY;

fn open(folder: &Folder) -> Cache {
    Cache::open(&folder.0, CacheLimits::DEFAULT).unwrap()
}

fn export(cache: &Cache, now: Option<Time>) -> String {
    let lines: String = cache.entries(now).map(|entry| archive_line(&entry)).collect();
    [archive_head(), &lines].concat()
}

/// What an import does with each entry.
fn import(text: &str, cache: &Cache, now: Time) -> Vec<Result<Imported, Error>> {
    import_with(text, cache, now, ExpiredEntries::LeftOut)
}

fn import_with(
    text: &str,
    cache: &Cache,
    now: Time,
    expired: ExpiredEntries,
) -> Vec<Result<Imported, Error>> {
    let archive = CacheArchive::new(Cursor::new(text.as_bytes())).unwrap();
    archive.map(|entry| cache.import(&entry?, &Endpoints::vendors(), now, expired)).collect()
}

/// A cache with one object of each kind.
fn filled(folder: &Folder) -> Cache {
    let cache = open(folder);
    let minted = machine(teeproof_mint::snp::Product::Milan).mint().unwrap();
    let product = Product::Milan;
    let identity = IDENTITY.replace("SIGNATURE", &"0a".repeat(64));
    for (question, body, issuer_chain) in [
        (milan().1, minted.vek.clone(), None),
        (Question::AmdChain { product, key: AmdKey::Vcek }, chain(&minted).into_bytes(), None),
        (Question::AmdCrl { product, key: AmdKey::Vcek }, crl("ARK-Milan"), None),
        (Question::TdQeIdentity, identity.into_bytes(), Some(issuers().to_owned())),
    ] {
        let url = question.url(&Endpoints::vendors()).unwrap().to_string();
        // The dates of the entry are those of the object, which an import reads from it.
        let validity = Validity { not_before: NOW, not_after: NOW.plus(1000) };
        cache
            .store(&CacheEntry { url, fetched_at: NOW.plus(-5), validity, body, issuer_chain }, NOW)
            .unwrap();
    }
    cache
}

#[test]
fn an_export_is_imported_as_it_was() {
    let (folder, other) = (Folder::new(), Folder::new());
    let (cache, copy) = (filled(&folder), open(&other));
    let text = export(&cache, Some(NOW));
    assert_eq!(export(&cache, Some(NOW)), text);
    let imported: Result<Vec<_>, _> = import(&text, &copy, NOW).into_iter().collect();
    assert_eq!(imported, Ok(vec![Imported::Stored; 4]));
    assert_eq!(export(&copy, Some(NOW)), text);
    let dates = |cache: &Cache| cache.entries(None).map(|entry| entry.fetched_at).collect::<Vec<_>>();
    assert_eq!(dates(&copy), [NOW.plus(-5); 4]);
    // Under the dates of the objects, which are later than those of the entries were.
    assert!(copy.entries(None).all(|entry| entry.validity.not_after > NOW.plus(1000)));
    assert_eq!(
        import(&text, &copy, NOW).into_iter().collect::<Result<Vec<_>, _>>(),
        Ok(vec![Imported::NotNewer; 4])
    );
    assert_eq!(export(&cache, Some(NOW.plus(1001))), archive_head());
    assert_eq!(export(&cache, None), text);
}

#[test]
fn what_has_expired_and_times_of_the_future() {
    let (folder, other) = (Folder::new(), Folder::new());
    let text = export(&filled(&folder), None);
    let later = NOW.plus(100 * 365 * 86_400);
    assert!(import(&text, &open(&other), later).into_iter().all(|one| one == Ok(Imported::Expired)));
    assert_eq!(open(&other).list(), []);
    // Nothing is fresher than the import.
    let early = NOW.plus(-6);
    assert!(import(&text, &open(&other), early).into_iter().all(|one| one == Ok(Imported::Stored)));
    assert!(open(&other).entries(None).all(|entry| entry.fetched_at == early));
}

/// With them, an entry that has expired is stored, and never in place of one that has not or was issued later.
#[test]
fn expired_entries_are_stored_for_evidence_of_an_earlier_time() {
    let (folder, other) = (Folder::new(), Folder::new());
    let (text, cache) = (export(&filled(&folder), None), open(&other));
    let later = NOW.plus(100 * 365 * 86_400);
    let all = |now| import_with(&text, &cache, now, ExpiredEntries::Stored);
    assert_eq!(all(later), vec![Ok(Imported::Stored); 4]);
    assert_eq!(export(&cache, None), text);
    assert_eq!(all(later), vec![Ok(Imported::NotNewer); 4]);
    for entry in cache.entries(None) {
        let validity = Validity { not_before: Time(0), not_after: later };
        cache.store(&CacheEntry { validity, fetched_at: Time(0), ..entry }, NOW).unwrap();
    }
    assert_eq!(all(later), vec![Ok(Imported::NotNewer); 4]);
}

#[test]
fn an_older_object_does_not_replace_a_valid_one() {
    let (folder, other) = (Folder::new(), Folder::new());
    let text = export(&filled(&folder), None);
    for (issued, until, expected) in [
        // The file says that it was fetched later, and its objects were issued a second before those of the cache.
        (1, 1000, Imported::NotNewer),
        (0, 1000, Imported::Stored),
        (-1, 1000, Imported::Stored),
        // One that is not valid any more is replaced.
        (1, -1, Imported::Stored),
    ] {
        let _ = std::fs::remove_dir_all(&other.0);
        let cache = open(&other);
        assert_eq!(import(&text, &cache, NOW), vec![Ok(Imported::Stored); 4]);
        for entry in cache.entries(None) {
            let validity =
                Validity { not_before: entry.validity.not_before.plus(issued), not_after: NOW.plus(until) };
            cache.store(&CacheEntry { validity, fetched_at: NOW.plus(-1000), ..entry }, NOW).unwrap();
        }
        assert_eq!(import(&text, &cache, NOW), vec![Ok(expected); 4], "{issued} {until}");
    }
}

/// The line of the VCEK with one member changed, and the digest of its body.
fn changed(text: &str, change: impl FnOnce(&mut Value)) -> String {
    let line = text.lines().find(|line| line.contains("/vcek/v1/Milan/4041")).unwrap();
    let mut json: Value = serde_json::from_str(line).unwrap();
    change(&mut json);
    let body = base64ct::Base64::decode_vec(json["body"].as_str().unwrap()).unwrap();
    json["sha256"] = Hex(&teeproof_mint_digest(&body)).to_string().into();
    [archive_head(), &json.to_string(), "\n"].concat()
}

fn teeproof_mint_digest(body: &[u8]) -> Vec<u8> {
    use sha2::Digest;
    sha2::Sha256::digest(body).to_vec()
}

#[test]
fn nothing_false_is_stored_under_a_url() {
    let (folder, other) = (Folder::new(), Folder::new());
    let (text, cache) = (export(&filled(&folder), None), open(&other));
    assert_eq!(import(&changed(&text, |_| ()), &cache, NOW), [Ok(Imported::Stored)]);
    let _ = std::fs::remove_dir_all(&other.0);
    let cache = open(&other);
    let genoa = vcek(Product::Genoa).url(&Endpoints::vendors()).unwrap().to_string();
    let foreign = machine(PRODUCTS[1].1).mint().unwrap().vek;
    let url = |to: &str| changed(&text, |json| json["url"] = to.into());
    for wrong in [
        url(&genoa),
        url("https://kdsintf.amd.com/vcek/v1/Milan/crl"),
        url("https://kdsintf.amd.com/vcek/v1/Milan/cert_chain"),
        url("https://kdsintf.amd.com/"),
        url("https://evil.example/vcek/v1/Milan/crl"),
        url("../../../etc/passwd"),
        url(""),
        changed(&text, |json| {
            json["url"] = json["url"].as_str().unwrap().replace("blSPL=0", "blSPL=00").into();
        }),
        changed(&text, |json| json["body"] = base64ct::Base64::encode_string(&foreign).into()),
        changed(&text, |json| json["body"] = "".into()),
        changed(&text, |json| json["body"] = base64ct::Base64::encode_string(b"<html>").into()),
    ] {
        let [result] = import(&wrong, &cache, NOW).try_into().unwrap();
        assert!(
            matches!(
                result,
                Err(Error::Archive { line: 2, .. } | Error::Malformed { .. } | Error::Mismatch { .. })
            ),
            "{wrong}: {result:?}"
        );
    }
    assert_eq!(cache.list(), []);
}

/// A list that begins after the present would replace the one that is valid.
#[test]
fn an_object_from_the_future_is_not_imported() {
    let (folder, other) = (Folder::new(), Folder::new());
    let (text, cache) = (export(&filled(&folder), None), open(&other));
    let line = text.lines().find(|line| line.contains("/vcek/v1/Milan/crl")).unwrap();
    for days in [1, 365] {
        let mut json: Value = serde_json::from_str(line).unwrap();
        let list = crl_of("ARK-Milan", days * 86_400, 4000 * 86_400);
        json["sha256"] = Hex(&teeproof_mint_digest(&list)).to_string().into();
        json["body"] = base64ct::Base64::encode_string(&list).into();
        let future = [archive_head(), &json.to_string(), "\n"].concat();
        for expired in [ExpiredEntries::LeftOut, ExpiredEntries::Stored] {
            let found = import_with(&future, &cache, NOW, expired);
            assert!(matches!(found.as_slice(), [Err(Error::OutOfDate { .. })]), "{found:?}");
        }
    }
    assert_eq!(cache.list(), []);
}

#[test]
fn a_malformed_line_costs_no_other_entry() {
    let (folder, other) = (Folder::new(), Folder::new());
    let text = export(&filled(&folder), None);
    let (head, rest) = text.split_at(archive_head().len());
    for wrong in ["{}", "", "null", "[", "\0", &"x".repeat(100_000)] {
        let found = import(&[head, wrong, "\n", rest].concat(), &open(&other), NOW);
        assert!(matches!(found[0], Err(Error::Archive { line: 2, .. })), "{found:?}");
        assert_eq!(found.iter().filter(|one| one.is_ok()).count(), 4, "{found:?}");
    }
}

/// The cache of a mirror's operator, behind overrides, is imported under the same overrides.
#[test]
fn entries_of_overrides_are_imported_under_the_same_overrides() {
    let (folder, other) = (Folder::new(), Folder::new());
    let mut endpoints = Endpoints::vendors();
    endpoints.set(Service::Issuers, "http://127.0.0.1:3/mirror/aia").unwrap();
    let mut ca = authority("Issuing CA");
    ca.certificate.extensions.push(Extension::basic_constraints(true, None));
    let body = ca.certificate.sign(&ca.key, &ca.certificate.subject, &ca.key).unwrap();
    let url = "http://127.0.0.1:3/mirror/aia/ca/x.cer".to_owned();
    let validity = Validity { not_before: NOW, not_after: NOW.plus(1000) };
    let cache = open(&folder);
    cache.store(&CacheEntry { url, fetched_at: NOW, validity, body, issuer_chain: None }, NOW).unwrap();
    let text = export(&cache, None);
    let under = |endpoints: &Endpoints| {
        let entry = CacheArchive::new(Cursor::new(text.as_bytes())).unwrap().next().unwrap().unwrap();
        open(&other).import(&entry, endpoints, NOW, ExpiredEntries::LeftOut)
    };
    let refused = under(&Endpoints::vendors());
    let Err(error @ Error::Archive { .. }) = refused else { panic!("{refused:?}") };
    assert!(error.hint().contains("TEEPROOF_"), "{}", error.hint());
    assert_eq!(under(&endpoints), Ok(Imported::Stored));
}

#[test]
fn malformed_lines_are_named() {
    let (folder, other) = (Folder::new(), Folder::new());
    let (text, cache) = (export(&filled(&folder), None), open(&other));
    for (wrong, line) in [
        (text.replacen("\"url\"", "\"uri\"", 1), 2),
        (text.replacen("fetched_at\":\"2", "fetched_at\":\"x2", 1), 2),
        (text.replacen("sha256\":\"", "sha256\":\"0", 1), 2),
        (text.replacen("body\":\"", "body\":\"*", 1), 2),
        (text.replacen("{\"url\"", "{\"more\":1,\"url\"", 1), 2),
        (text.replacen(issuers(), "q\\nX: y", 1), 5),
        (text.trim_end().to_owned(), 5),
        ([&text, "{}\n"].concat(), 6),
        ([&text, "\n"].concat(), 6),
        ([&text, &"[".repeat(4_000_000), "\n"].concat(), 6),
    ] {
        let found: Vec<_> = import(&wrong, &cache, NOW).into_iter().filter_map(Result::err).collect();
        let [Error::Archive { line: at, .. }] = found.as_slice() else { panic!("{found:?}") };
        // Intel's hosts come first in the order of URLs.
        let expected = if wrong.contains("q\\nX") { 2 } else { line };
        assert_eq!(*at, expected, "{found:?}");
    }
    for head in ["", "\n", "{}\n", "teeproof cache export, version 2\n", "teeproof cache export, version 1"] {
        assert!(
            matches!(CacheArchive::new(Cursor::new(head)), Err(Error::Archive { line: 1, .. })),
            "{head}"
        );
    }
}

/// An import compares the certificates above a signer too.
#[test]
fn a_header_of_other_content_is_not_imported() {
    let (folder, other) = (Folder::new(), Folder::new());
    let (text, cache) = (export(&filled(&folder), None), open(&other));
    for wrong in ["", "garbage", "%00", "7b7d"] {
        let found = import(&text.replacen(issuers(), wrong, 1), &cache, NOW);
        assert!(matches!(found.first(), Some(Err(Error::Malformed { .. }))), "{wrong}: {found:?}");
    }
    assert_eq!(cache.list().len(), 3);
    let header = text.replacen("\"issuer_chain\":null", &format!("\"issuer_chain\":\"{}\"", issuers()), 1);
    let found = import(&header, &cache, NOW);
    assert!(found.iter().any(|one| matches!(one, Err(Error::Malformed { .. }))), "{found:?}");
}
