//! Keys by name, and whether the caller may use them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::condition::Context;
use super::error::Refused;
use super::key::{Key, KeyId};
use super::operations::{Call, Kms};
use super::policy::{Access, Decision};

impl Kms {
    /// The key that a request names, after the caller was authorized and the key found enabled.
    pub(super) fn authorized<'k>(
        &self,
        keys: &'k BTreeMap<KeyId, Key>,
        call: &Call<'_>,
    ) -> Result<&'k Key, Refused> {
        let key = self.named(keys, call)?;
        self.authorize(key, call)?;
        Ok(key)
    }

    pub(super) fn named<'k>(
        &self,
        keys: &'k BTreeMap<KeyId, Key>,
        call: &Call<'_>,
    ) -> Result<&'k Key, Refused> {
        self.find(keys, call.fields.required_text("KeyId")?)
    }

    /// The key with this id or ARN.
    pub(super) fn find<'k>(&self, keys: &'k BTreeMap<KeyId, Key>, name: &str) -> Result<&'k Key, Refused> {
        let is_named = |key: &&Key| key.id.to_string() == name || self.arn(key.id) == name;
        let not_found = || {
            let shown = if name.starts_with("arn:") { name.to_owned() } else { self.arn_of(name) };
            Refused::new("NotFoundException", format!("Key '{}' does not exist", shown.escape_debug()))
        };
        keys.values().find(is_named).ok_or_else(not_found)
    }

    pub(super) fn authorize(&self, key: &Key, call: &Call<'_>) -> Result<(), Refused> {
        self.authorize_by_policy(key, call)?;
        if key.enabled {
            return Ok(());
        }
        Err(Refused::new("DisabledException", format!("{} is disabled.", self.arn(key.id))))
    }

    /// Evaluates the key's policy.
    pub(super) fn authorize_by_policy(&self, key: &Key, call: &Call<'_>) -> Result<(), Refused> {
        let settings = self.settings();
        let (action, key_arn) = (format!("kms:{}", call.operation), self.arn(key.id));
        let (context, principal) = (self.context(key, call), settings.principal());
        let access = Access {
            action: &action,
            caller: &settings.caller,
            principal: &principal,
            account: settings.account(),
            key_arn: &key_arn,
            context: &context,
        };
        let why = match key.policy.decide(&access) {
            Decision::Allowed => return Ok(()),
            Decision::NotAllowed => format!("because no resource-based policy allows the {action} action"),
            Decision::Denied => "with an explicit deny in a resource-based policy".to_owned(),
        };
        let caller = &settings.caller;
        let message =
            format!("User: {caller} is not authorized to perform: {action} on resource: {key_arn} {why}");
        Err(Refused::new("AccessDeniedException", message))
    }

    /// The condition keys of a request.
    pub(super) fn context(&self, key: &Key, call: &Call<'_>) -> Context {
        let mut context = Context::default();
        context.set("aws:PrincipalArn", self.settings().principal());
        context.set("aws:PrincipalAccount", self.settings().account());
        context.set("aws:SecureTransport", "false");
        context.set("kms:CallerAccount", self.settings().account());
        context.set("kms:KeySpec", key.spec());
        context.set("kms:KeyUsage", key.usage());
        if key.usage() == "ENCRYPT_DECRYPT" {
            context.set("kms:EncryptionAlgorithm", "SYMMETRIC_DEFAULT");
        }
        for (name, value) in &call.encryption_context {
            context.set(&format!("kms:EncryptionContext:{name}"), value.as_str());
        }
        if !call.encryption_context.is_empty() {
            context.set_all("kms:EncryptionContextKeys", call.encryption_context.keys().cloned().collect());
        }
        if let Some(recipient) = &call.recipient {
            recipient.describe(&mut context);
        }
        context
    }

    pub(super) fn metadata(&self, key: &Key) -> Value {
        json!({
            "AWSAccountId": self.settings().account(),
            "Arn": self.arn(key.id),
            "CustomerMasterKeySpec": key.spec(),
            "Description": "a key of a twin of KMS",
            "Enabled": key.enabled,
            "KeyId": key.id.to_string(),
            "KeyManager": "CUSTOMER",
            "KeySpec": key.spec(),
            "KeyState": if key.enabled { "Enabled" } else { "Disabled" },
            "KeyUsage": key.usage(),
            "MultiRegion": false,
            "Origin": "AWS_KMS",
        })
    }

    pub(super) fn arn(&self, id: KeyId) -> String {
        self.arn_of(&id.to_string())
    }

    pub(super) fn arn_of(&self, id: &str) -> String {
        format!("arn:aws:kms:{}:{}:key/{id}", self.settings().region, self.settings().account())
    }
}
