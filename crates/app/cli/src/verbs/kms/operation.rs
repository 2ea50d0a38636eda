//! The operations of KMS with a Recipient: arguments, the document of this enclave, and the files of the answer.

use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum, ValueHint};
use teeproof_kms::{
    DataKeyLength, Documents, EncryptionContext, KmsAnswer, KmsClient, KmsError, KmsKeyId, KmsProxy,
    KmsRequest, KmsSettings,
};
use teeproof_nsm::{AttestationFields, Nsm};

use super::answer::AnswerJson;
use crate::input::nsm::ModuleArgs;
use crate::input::policy_file::parse_reason;
use crate::output::fault::Fault;
use crate::output::files::path::{OutputPath, Placement};
use crate::output::files::transaction::PlacedFiles;
use crate::output::hints;
use crate::output::json::Json;
use crate::output::product::Product;
use crate::output::streams::{bare_stdout, write_result};
use crate::settings::context::Context;

/// What every operation takes.
#[derive(Debug, Args)]
struct ServiceArgs {
    /// Write the secret to standard output, and the result to standard error
    #[arg(long)]
    stdout: bool,

    /// Release nothing unless TLS to KMS ends in this process
    #[arg(long)]
    require_authenticated: bool,

    /// The region of the key [default: that of the AWS SDK's environment and files]
    #[arg(long, value_name = "REGION")]
    region: Option<String>,

    /// The proxy that carries the bytes to KMS: vsock:CID:PORT, tcp:HOST:PORT or unix:PATH; TLS goes through it
    #[arg(long, value_name = "ADDRESS", env = "TEEPROOF_KMS_PROXY", hide_env_values = true)]
    proxy: Option<String>,

    /// The URL of KMS [default: AWS_ENDPOINT_URL_KMS, or the host of the region]; plain HTTP is for loopback only
    #[arg(long, value_name = "URL", env = "TEEPROOF_KMS_URL", hide_env_values = true)]
    kms_url: Option<String>,

    #[command(flatten)]
    module: ModuleArgs,
}

/// The encryption context.
#[derive(Debug, Args)]
struct ContextArgs {
    /// A name and a value of the encryption context; repeat it for more
    #[arg(long = "context", value_name = "NAME=VALUE", required_unless_present = "no_encryption_context")]
    pairs: Vec<String>,

    /// Use no encryption context, for this reason, which is printed with the result
    #[arg(long, value_name = "REASON", value_parser = parse_reason, conflicts_with = "pairs")]
    no_encryption_context: Option<String>,
}

impl ContextArgs {
    fn read(&self) -> Result<EncryptionContext, Fault> {
        if let Some(reason) = &self.no_encryption_context {
            return Ok(EncryptionContext::Waived(reason.clone()));
        }
        let mut pairs = std::collections::BTreeMap::new();
        for pair in &self.pairs {
            let hint = "write it as NAME=VALUE, each name once: --context purpose=tls-key --context host=a";
            let (name, value) = pair
                .split_once('=')
                .ok_or_else(|| Fault::usage(format!("--context: no = in {pair}"), hint))?;
            if pairs.insert(name.to_owned(), value.to_owned()).is_some() {
                return Err(Fault::usage(format!("--context: {name} is given twice"), hint));
            }
        }
        Ok(EncryptionContext::Pairs(pairs))
    }
}

/// The key of an operation.
#[derive(Debug, Args)]
struct KeyArgs {
    /// The KMS key: a key ARN, a key id, alias/NAME or an alias ARN. The answer must be of this key; of an alias, KMS
    /// chooses the key
    #[arg(long = "key", value_name = "KEY")]
    key: String,
}

impl KeyArgs {
    fn read(&self) -> Result<KmsKeyId, Fault> {
        KmsKeyId::parse(&self.key).map_err(|error| kms_fault(&error).in_file("--key"))
    }
}

/// Decrypt a ciphertext of KMS
///
/// The secret is written to the file of --output, which is new, of mode 0600, and complete or absent; or to standard
/// output with --stdout. The result says whether it is authenticated.
#[derive(Debug, Args)]
pub(super) struct DecryptArgs {
    /// The ciphertext (CiphertextBlob), binary; - is stdin
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    ciphertext: PathBuf,

    #[command(flatten)]
    key: KeyArgs,

    /// The algorithm of an asymmetric key, such as RSAES_OAEP_SHA_256, which has no encryption context
    #[arg(long, value_name = "ALGORITHM", conflicts_with_all = ["pairs", "no_encryption_context"])]
    algorithm: Option<String>,

    /// A name and a value of the encryption context; repeat it for more
    #[arg(long = "context", value_name = "NAME=VALUE")]
    #[arg(required_unless_present_any = ["no_encryption_context", "algorithm"])]
    pairs: Vec<String>,

    /// Use no encryption context, for this reason, which is printed with the result
    #[arg(long, value_name = "REASON", value_parser = parse_reason, conflicts_with = "pairs")]
    no_encryption_context: Option<String>,

    #[command(flatten)]
    service: ServiceArgs,
}

impl DecryptArgs {
    pub(super) fn run(&self, context: &Context) -> Result<Product, Fault> {
        let (key, ciphertext) = (self.key.read()?, context.source.read(&self.ciphertext)?);
        let request = match &self.algorithm {
            Some(algorithm) => {
                KmsRequest::DecryptAsymmetric { key, ciphertext, algorithm: algorithm.clone() }
            }
            None => {
                let pairs = self.pairs.clone();
                let no_encryption_context = self.no_encryption_context.clone();
                let context = ContextArgs { pairs, no_encryption_context }.read()?;
                KmsRequest::Decrypt { key, ciphertext, context }
            }
        };
        self.service.release(&request, &[], context)
    }
}

/// Generate a data key, and its ciphertext under a KMS key
#[derive(Debug, Args)]
pub(super) struct DataKeyArgs {
    #[command(flatten)]
    key: KeyArgs,

    /// The kind of the data key
    #[arg(long, value_enum, value_name = "KIND", default_value = "aes-256", conflicts_with = "bytes")]
    kind: DataKeyKind,

    /// The length of the data key in bytes, from 1 to 1024, instead of a kind
    #[arg(long, value_name = "COUNT")]
    bytes: Option<u16>,

    /// The file for the ciphertext of the data key, which kms decrypt takes later
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    ciphertext: OutputPath,

    #[command(flatten)]
    context: ContextArgs,

    #[command(flatten)]
    service: ServiceArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum DataKeyKind {
    #[value(name = "aes-128")]
    Aes128,
    #[value(name = "aes-256")]
    Aes256,
}

impl DataKeyArgs {
    pub(super) fn run(&self, context: &Context) -> Result<Product, Fault> {
        let length = match (self.bytes, self.kind) {
            (Some(bytes), _) => DataKeyLength::Bytes(bytes),
            (None, DataKeyKind::Aes128) => DataKeyLength::Aes128,
            (None, DataKeyKind::Aes256) => DataKeyLength::Aes256,
        };
        let request =
            KmsRequest::GenerateDataKey { key: self.key.read()?, length, context: self.context.read()? };
        self.service.release(&request, &[(&self.ciphertext.0, KmsAnswer::ciphertext_blob)], context)
    }
}

/// Generate a key pair, and the ciphertext of its private key under a KMS key
///
/// The secret is the private key as PKCS #8 in DER, the public key is SubjectPublicKeyInfo in DER.
#[derive(Debug, Args)]
pub(super) struct DataKeyPairArgs {
    #[command(flatten)]
    key: KeyArgs,

    /// The kind of the pair by its name in KMS: RSA_3072, ECC_NIST_P256, ECC_NIST_P384
    #[arg(long, value_name = "KIND")]
    kind: String,

    /// The file for the ciphertext of the private key, which kms decrypt takes later
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    ciphertext: OutputPath,

    /// The file for the public key
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    public_key: OutputPath,

    #[command(flatten)]
    context: ContextArgs,

    #[command(flatten)]
    service: ServiceArgs,
}

impl DataKeyPairArgs {
    pub(super) fn run(&self, context: &Context) -> Result<Product, Fault> {
        let request = KmsRequest::GenerateDataKeyPair {
            key: self.key.read()?,
            pair: self.kind.clone(),
            context: self.context.read()?,
        };
        let files: [Part<'_>; 2] =
            [(&self.ciphertext.0, KmsAnswer::ciphertext_blob), (&self.public_key.0, KmsAnswer::public_key)];
        self.service.release(&request, &files, context)
    }
}

/// Generate random bytes
#[derive(Debug, Args)]
pub(super) struct RandomArgs {
    /// How many bytes, from 1 to 1024
    #[arg(long, value_name = "COUNT", default_value_t = 32)]
    bytes: u16,

    #[command(flatten)]
    service: ServiceArgs,
}

impl RandomArgs {
    pub(super) fn run(&self, context: &Context) -> Result<Product, Fault> {
        self.service.release(&KmsRequest::GenerateRandom { bytes: self.bytes }, &[], context)
    }
}

/// Derive the shared secret of a KMS key and a public key (ECDH)
#[derive(Debug, Args)]
pub(super) struct SharedSecretArgs {
    /// The public key of the other side, as SubjectPublicKeyInfo in DER; - is stdin
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    public_key: PathBuf,

    #[command(flatten)]
    key: KeyArgs,

    #[command(flatten)]
    service: ServiceArgs,
}

impl SharedSecretArgs {
    pub(super) fn run(&self, context: &Context) -> Result<Product, Fault> {
        let (key, public_key) = (self.key.read()?, context.source.read(&self.public_key)?);
        self.service.release(&KmsRequest::DeriveSharedSecret { key, public_key }, &[], context)
    }
}

/// A file of an answer that is no secret.
type Part<'a> = (&'a Path, fn(&KmsAnswer) -> Option<&[u8]>);

impl ServiceArgs {
    /// Sends the request, and writes the secret and the other parts of the answer: all of them or none.
    fn release(&self, request: &KmsRequest, parts: &[Part<'_>], context: &Context) -> Result<Product, Fault> {
        let secret_file = context.take_output();
        if secret_file.is_some() == self.stdout {
            return Err(Fault::usage(
                "expected one place for the secret: --output or --stdout",
                "give a file with --output, which is written with mode 0600; or --stdout for a pipe",
            ));
        }
        // A terminal is refused before anything is released.
        let stdout = self.stdout.then(bare_stdout).transpose()?;
        if context.is_json() && self.stdout {
            context.messages.reserve_for_document();
        }
        let mut files = Vec::new();
        for (path, _) in parts {
            files.push(context.open_entry(path, Placement::Replace)?);
        }
        let answer = self.send(request, context)?;
        if self.require_authenticated && !answer.channel().is_authenticated() {
            return Err(Fault::not_bound(
                answer.channel().to_string(),
                "use https to KMS at AWS, through --proxy in an enclave; or leave --require-authenticated out",
            ));
        }
        for (file, (_, part)) in files.iter_mut().zip(parts) {
            file.put(part(&answer).unwrap_or_default())?;
        }
        let result = result(&answer, request);
        let Some(mut stdout) = stdout else {
            let mut secret_file = secret_file.ok_or_else(|| Fault::internal("the output is taken"))?;
            secret_file.put(answer.secret().as_bytes())?;
            files.push(secret_file);
            let product =
                if context.is_json() { Product::json(&result, 0)? } else { Product::of(result.page()) };
            return Ok(product.with_files(files));
        };
        // The files stay only if the secret was written too.
        let placed = PlacedFiles::place(files)?;
        write_result(stdout.write_all(answer.secret().as_bytes()).and_then(|()| stdout.flush()))?;
        placed.keep();
        match context.is_json() {
            true => context.messages.say_always_json(&Json::of(&result)?),
            false => context.messages.say_always(&result.page()),
        }
        Ok(Product::written(0))
    }

    fn send(&self, request: &KmsRequest, context: &Context) -> Result<KmsAnswer, Fault> {
        if context.network.offline {
            return Err(Fault::usage(
                "KMS is requested over the network, and --offline forbids it",
                "leave --offline out",
            ));
        }
        let proxy = self.proxy.as_deref().map(str::parse::<KmsProxy>).transpose();
        let mut settings = KmsSettings::default();
        settings.region = self.region.clone();
        settings.url = self.kms_url.clone();
        settings.proxy = proxy.map_err(|error| kms_fault(&error).in_file("--proxy"))?;
        settings.timeout = context.network.timeout.unwrap_or(settings.timeout);
        settings.retries = context.network.retries.unwrap_or(settings.retries);
        let mut documents = Module(self.module.open(context.network.timeout)?);
        let client = KmsClient::new(settings).map_err(|error| kms_fault(&error))?;
        context.messages.announce(&format!("waiting for {} …", request.operation()));
        client.send(request, &mut documents).map_err(|error| kms_fault(&error))
    }
}

/// The Nitro security module of this enclave, as the maker of documents.
struct Module(Box<dyn Nsm>);

impl Documents for Module {
    fn document(
        &mut self,
        public_key: &[u8],
        nonce: Option<&[u8]>,
    ) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
        let fields =
            AttestationFields { public_key: Some(public_key), nonce, ..AttestationFields::default() };
        Ok(self.0.attest(fields)?)
    }
}

/// The result of an answer.
fn result(answer: &KmsAnswer, request: &KmsRequest) -> AnswerJson {
    let waived = match request {
        KmsRequest::Decrypt { context: EncryptionContext::Waived(reason), .. }
        | KmsRequest::GenerateDataKey { context: EncryptionContext::Waived(reason), .. }
        | KmsRequest::GenerateDataKeyPair { context: EncryptionContext::Waived(reason), .. } => {
            Some(reason.clone())
        }
        _ => None,
    };
    AnswerJson {
        schema: "teeproof/kms-answer/1",
        operation: answer.operation().to_string(),
        secret_bytes: answer.secret().as_bytes().len(),
        authenticated: answer.channel().is_authenticated(),
        channel: answer.channel().to_string(),
        key_arn: answer.key().map(|(arn, _)| arn.to_owned()),
        key_compared: answer.key().map(|(_, how)| how.as_str()),
        no_encryption_context: waived,
        request_id: answer.request_id().map(str::to_owned),
    }
}

/// The fault of an operation, with its exit code.
fn kms_fault(error: &KmsError) -> Fault {
    let (message, hint) = (error.to_string(), hints::of_kms(error));
    match error {
        KmsError::KeyIdForm(_)
        | KmsError::ProxyForm(_)
        | KmsError::Url(_)
        | KmsError::NotEncrypted { .. }
        | KmsError::Context(_)
        | KmsError::Size { .. }
        | KmsError::Settings { .. } => Fault::usage(message, hint),
        KmsError::Document(_) => Fault::device(message, hint),
        KmsError::RecipientKey(_) => Fault::internal(message),
        KmsError::Plaintext { .. } | KmsError::Decryption(_) => Fault::altered(message, hint),
        KmsError::OtherKey { .. } | KmsError::OtherParameter { .. } => Fault::not_bound(message, hint),
        _ => Fault::network(message, hint),
    }
}
