//! The identity provider by which people sign in: OpenID Connect, authorization code flow with PKCE.
//!
//! In goes what a browser brings back, out comes who the provider says it is, or
//! why nobody can say. The protocol and the signatures are `openidconnect`'s; here
//! is what it is asked, when, and what of it is believed. Nothing is fetched
//! before somebody wants to sign in, so a daemon starts without its provider; what
//! is fetched is bounded in time and size and kept for a while, failures too.
//!
//! An attempt lives in a cookie of the browser that began it, sealed under a key
//! that ends with this value: whoever begins many fills no memory, and nobody
//! brings back what another has begun.

mod attempt;
mod claims;
mod fetch;
mod trouble;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use botswain_core::Hash;
use chrono::Utc;
use jiff::Timestamp;
use openidconnect::{
    AccessToken, AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret,
    CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
    SignatureVerificationError, TokenResponse,
    core::{
        CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreIdToken, CoreIdTokenVerifier,
        CoreJwsSigningAlgorithm, CoreProviderMetadata,
    },
};
use serde_json::{Map, Value};
use tokio::sync::{Mutex as Waiting, Semaphore};

use self::{attempt::Attempt, fetch::Fetch};
pub(crate) use self::{attempt::LASTS, trouble::Trouble};
use crate::{
    accounts::Arrival,
    daemon::Parts,
    instance::{config::SignIn, key::Key, secrets},
};

/// How long what the provider says of itself is taken for true.
const FRESH: Duration = Duration::from_secs(3600);

/// How long a failure counts for others who come, and how often it is asked anew because a key is not
/// among those that are known: anybody can name one that there is not.
const FAILED: Duration = Duration::from_secs(5);
const KEYS: Duration = Duration::from_secs(60);

/// How far clocks may be apart.
const SKEW: Duration = Duration::from_secs(60);

/// How many sign-ins are asked about at once; others wait.
const PLACES: usize = 8;

/// How many attempts are remembered as used: they are, until they would have ended.
const USED: usize = 10_000;

/// What a provider may sign with. Keys that both sides share, and no signature at all, are not
/// among it, whatever the provider says that it does.
const SIGNED: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// A client of one provider, as botswain.yaml wants it.
pub(crate) struct Provider {
    settings: SignIn,
    /// Where it sends people back to.
    back: String,
    parts: Arc<Parts>,
    fetch: Fetch,
    /// What it said of itself, or that it said nothing; who comes meanwhile waits for it.
    known: Waiting<Known>,
    key: Key,
    used: Mutex<HashMap<Hash, Timestamp>>,
    places: Semaphore,
}

#[derive(Default)]
struct Known {
    said: Option<(Instant, Said)>,
    /// When it was asked for new keys.
    keys: Option<Instant>,
}

type Said = Result<CoreProviderMetadata, Trouble>;

/// Where a browser is sent, and the cookie that it is to bring back.
pub(crate) struct Begun {
    pub(crate) address: String,
    pub(crate) cookie: String,
}

/// What a browser brings back.
#[derive(Clone, Default, serde::Deserialize)]
pub(crate) struct Brought {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
    /// Who sends it back (RFC 9207).
    iss: Option<String>,
}

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

impl Provider {
    /// `home` is what people enter in a browser to get to the console.
    pub(crate) fn new(settings: SignIn, home: &str, parts: Arc<Parts>) -> Provider {
        Provider {
            fetch: Fetch::from(&settings.issuer),
            back: format!("{home}/login/callback"),
            known: Waiting::default(),
            key: Key::passing(),
            used: Mutex::default(),
            places: Semaphore::new(PLACES),
            settings,
            parts,
        }
    }

    /// What people call it.
    pub(crate) fn name(&self) -> &str {
        &self.settings.name
    }

    /// Sends somebody there who wants to go on to `next`.
    pub(crate) async fn begin(&self, next: &str) -> Result<Begun, Trouble> {
        let said = self.said().await?;
        let client = self.client(&said)?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let request = client.authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            CsrfToken::new_random,
            Nonce::new_random,
        );
        let scopes = self.settings.scopes.iter().cloned().map(Scope::new);
        let (address, state, nonce) = request
            .add_scopes(scopes)
            .set_pkce_challenge(challenge)
            .url();
        let attempt = Attempt::new((&state, &nonce, &verifier), next, Timestamp::now());
        Ok(Begun {
            address: address.into(),
            cookie: attempt.seal(&self.key),
        })
    }

    /// Who has come back, and where they wanted to go.
    pub(crate) async fn end(
        &self,
        cookie: &str,
        brought: Brought,
    ) -> (Result<Arrival, Trouble>, String) {
        let now = Timestamp::now();
        let attempt = Attempt::open(cookie, &self.key);
        let Some(attempt) = attempt.filter(|it| it.is_of(&brought, now)) else {
            return (Err(Trouble::Attempt), String::new());
        };
        let who = match self.code(brought) {
            Ok(code) if self.is_new(&attempt, now) => self.who(&attempt, code).await,
            Ok(_) => Err(Trouble::Attempt),
            Err(trouble) => Err(trouble),
        };
        (who, attempt.next)
    }

    /// What the provider is asked with; of whoever brings none nothing is kept.
    fn code(&self, brought: Brought) -> Result<String, Trouble> {
        let is_other = brought.iss.is_some_and(|it| it != self.settings.issuer);
        if is_other {
            return Err(Trouble::Token("another provider sent them back".to_owned()));
        }
        match brought.error {
            Some(error) => Err(trouble::sent_back(&error)),
            None => brought.code.ok_or(Trouble::Attempt),
        }
    }

    /// Whether an attempt was not used before; it is from now on.
    fn is_new(&self, attempt: &Attempt, now: Timestamp) -> bool {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.retain(|_, until| *until > now);
        used.len() < USED && used.insert(attempt.id(), attempt.until).is_none()
    }

    async fn who(&self, attempt: &Attempt, code: String) -> Result<Arrival, Trouble> {
        // The semaphore is never closed.
        let _place = self.places.acquire().await.ok();
        let said = self.said().await?;
        let client = self.client(&said)?;
        let request = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|_| Trouble::Nonsense("it names no token endpoint".to_owned()))?;
        let request = request.set_pkce_verifier(PkceCodeVerifier::new(attempt.verifier.clone()));
        let tokens = request.request_async(&self.fetch).await;
        let tokens = tokens.map_err(trouble::exchange)?;
        let token = tokens.id_token();
        let token = token.ok_or_else(|| Trouble::Nonsense("it gave no ID token".to_owned()))?;
        let nonce = Nonce::new(attempt.nonce.clone());
        let subject = self.verified(token, &nonce, said).await?;
        self.arrival(token, subject, tokens.access_token()).await
    }

    /// The subject of a token that is the provider's, for us, of now and of this attempt.
    async fn verified(
        &self,
        token: &CoreIdToken,
        nonce: &Nonce,
        said: CoreProviderMetadata,
    ) -> Result<String, Trouble> {
        use ClaimsVerificationError::SignatureVerification;
        use SignatureVerificationError::NoMatchingKey;
        let of = |said: &CoreProviderMetadata| {
            let claims = token.claims(&self.verifier(said), nonce)?;
            let party = claims.authorized_party().map(|it| it.as_str());
            let is_ours = party.is_none_or(|it| it == self.settings.client_id);
            match is_ours {
                true => Ok(claims.subject().as_str().to_owned()),
                false => Err(ClaimsVerificationError::InvalidAudience(
                    "another client asked for it".to_owned(),
                )),
            }
        };
        let subject = match of(&said) {
            // It may have new keys.
            Err(SignatureVerification(NoMatchingKey)) => of(&self.new_keys().await?),
            other => other,
        };
        subject.map_err(trouble::token)
    }

    fn verifier(&self, said: &CoreProviderMetadata) -> CoreIdTokenVerifier<'static> {
        // A key that both sides share could be no secret at all, so the verifier has none.
        let verifier = CoreIdTokenVerifier::new_public_client(
            ClientId::new(self.settings.client_id.clone()),
            said.issuer().clone(),
            said.jwks().clone(),
        );
        verifier
            .set_allowed_algs(SIGNED)
            .set_time_fn(|| Utc::now() - SKEW)
            .set_issue_time_verifier_fn(|issued| match issued <= Utc::now() + SKEW {
                true => Ok(()),
                false => Err(format!("it was issued in the future, at {issued}")),
            })
    }

    /// What is believed of somebody: their subject, and what names and groups come with it.
    async fn arrival(
        &self,
        token: &CoreIdToken,
        subject: String,
        access: &AccessToken,
    ) -> Result<Arrival, Trouble> {
        let mut claims = claims::of_token(&token.to_string());
        let roles = &self.settings.roles;
        // Some providers keep the token small, and tell these only when they are asked.
        let mut groups = claims::groups(&claims, &roles.claim);
        if groups.is_none()
            && let Some(more) = self.asked(&subject, access).await?
        {
            groups = claims::groups(&more, &roles.claim);
            for (name, value) in more {
                claims.entry(name).or_insert(value);
            }
        }
        let names = claims::names(&claims, &subject);
        let role = groups.as_ref().and_then(|it| roles.of(it));
        let role = role.ok_or_else(|| Trouble::Role {
            who: names.first().cloned().unwrap_or_default(),
            why: claims::lacking(groups.as_deref(), &roles.claim),
        })?;
        Ok(Arrival {
            issuer: self.settings.issuer.clone(),
            full_name: claims::text(&claims, "name"),
            subject,
            names,
            role,
        })
    }

    /// What the provider tells of somebody when it is asked (OpenID Connect Core, 5.3).
    async fn asked(
        &self,
        subject: &str,
        access: &AccessToken,
    ) -> Result<Option<Map<String, Value>>, Trouble> {
        let said = self.said().await?;
        let Some(endpoint) = said.userinfo_endpoint() else {
            return Ok(None);
        };
        let told = self.fetch.told(endpoint.as_str(), access.secret()).await?;
        // It could speak of somebody else.
        match told.get("sub").and_then(Value::as_str) == Some(subject) {
            true => Ok(Some(told)),
            false => Err(Trouble::Token(
                "it was asked, and told of somebody else".to_owned(),
            )),
        }
    }

    /// What the provider says of itself and its keys; that it said nothing counts for a moment, so
    /// that those who come together do not wait for it one by one.
    async fn said(&self) -> Said {
        let mut known = self.known.lock().await;
        if let Some((since, said)) = &known.said {
            let lasts = said.as_ref().map_or(FAILED, |_| FRESH);
            if since.elapsed() < lasts {
                return said.clone();
            }
        }
        self.ask(&mut known).await
    }

    /// The same, for somebody whose token is signed with a key that is not known.
    async fn new_keys(&self) -> Said {
        let mut known = self.known.lock().await;
        let asked = known.keys.filter(|it| it.elapsed() < KEYS);
        match &known.said {
            Some((_, said)) if asked.is_some() => said.clone(),
            _ => {
                known.keys = Some(Instant::now());
                self.ask(&mut known).await
            }
        }
    }

    async fn ask(&self, known: &mut Known) -> Said {
        let issuer = IssuerUrl::new(self.settings.issuer.clone());
        let issuer = issuer.map_err(|err| Trouble::Settings(err.to_string()))?;
        let said = CoreProviderMetadata::discover_async(issuer, &self.fetch).await;
        let said = said.map_err(trouble::discovery);
        known.said = Some((Instant::now(), said.clone()));
        said
    }

    fn client(&self, said: &CoreProviderMetadata) -> Result<Client, Trouble> {
        let secret = self.secret()?.map(ClientSecret::new);
        let client = ClientId::new(self.settings.client_id.clone());
        let back = RedirectUrl::new(self.back.clone());
        let back = back.map_err(|err| Trouble::Settings(err.to_string()))?;
        if !self.fetch.trusts(said.authorization_endpoint().url()) {
            let reason = "it would send people where others can read along";
            return Err(Trouble::Nonsense(reason.to_owned()));
        }
        let client = CoreClient::from_provider_metadata(said.clone(), client, secret);
        Ok(client.set_redirect_uri(back).set_auth_type(way(said)))
    }

    /// What Botswain shows to the provider.
    fn secret(&self) -> Result<Option<String>, Trouble> {
        let Some(secret) = &self.settings.client_secret else {
            return Ok(None);
        };
        match secrets::referred(secret.reveal()) {
            None => Ok(Some(secret.reveal().to_owned())),
            Some(name) => match self.parts.secret(name) {
                Ok(value) => Ok(Some(value)),
                Err(fault) => Err(Trouble::Settings(fault.message)),
            },
        }
    }
}

/// How the client shows its secret: by its head, which every provider is to know, unless it says
/// that it knows the body alone.
fn way(said: &CoreProviderMetadata) -> AuthType {
    let methods = said.token_endpoint_auth_methods_supported();
    let knows = |it: &CoreClientAuthMethod| methods.is_some_and(|all| all.contains(it));
    let body = knows(&CoreClientAuthMethod::ClientSecretPost);
    match body && !knows(&CoreClientAuthMethod::ClientSecretBasic) {
        true => AuthType::RequestBody,
        false => AuthType::BasicAuth,
    }
}

#[cfg(test)]
mod tests;
