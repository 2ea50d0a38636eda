#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod answer;
mod cache;
mod date;
mod endpoints;
mod error;
mod fetch;
mod http;
mod mirror;
mod question;
mod thim;
mod transport;
mod url;

pub use answer::Answer;
pub use cache::archive::{ArchivedEntry, CacheArchive, ExpiredEntries, Imported, archive_head, archive_line};
pub use cache::{
    Cache, CacheEntry, CacheLimits, CacheLock, CacheRow, Pruned, Refusal, default_cache_directory,
};
pub use endpoints::{Endpoints, Service};
pub use error::Error;
pub use fetch::{Endorsement, Fetcher, Prefetch, Prefetched, Retries, Reuse, Stale};
pub use http::Http;
pub use mirror::{Access, AccessLog, AnswerOrigin, Mirror, MirrorLimits, MirrorSource, MirrorStop};
pub use question::{AmdKey, Issuer, PckCa, Question, Vcek};
pub use thim::{AZURE_METADATA, azure_metadata_answers, certification_url, td_quote, vcek_chain};
pub use transport::{KEPT_HEADERS, Method, Offline, Request, Response, Transport};
pub use url::{AllowedHosts, HttpUrl, Origin, Scheme};
