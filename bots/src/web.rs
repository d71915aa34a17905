//! The connection to a web application: where it is, and how one logs in.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use botswain_bot::{Connection, Fault, House, Secret};
use indexmap::IndexMap;
use reqwest::{
    Url,
    header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue},
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    browser::{Browser, Locator, LoginActions, Pool, Settings as BrowserSettings},
    http,
};

/// A web application or an HTTP API.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where it is, as in `https://backoffice.example.com`; paths of steps go below it.
    #[schemars(extend("format" = "uri"))]
    pub address: String,
    /// How requests of `http.get` and `http.request` log in.
    pub auth: Option<Auth>,
    /// Headers that each of these requests carries.
    #[serde(default)]
    pub headers: IndexMap<String, String>,
    /// Actions that log a browser in: done once in each session, and again when it has expired.
    #[serde(default)]
    pub login: LoginActions,
    /// What can be seen on every page as long as a browser is logged in.
    pub logged_in: Option<Locator>,
    /// Which browser is used, and how.
    #[serde(default)]
    pub browser: Browser,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Auth {
    /// By user name and password (RFC 7617).
    Basic(Basic),
    /// By a token (RFC 6750).
    Bearer(Secret),
    /// By a header of the server's own, as in `X-Api-Key`.
    Header(Named),
}

impl Auth {
    fn secret(&self) -> Secret {
        match self {
            Auth::Basic(basic) => basic.password.clone(),
            Auth::Bearer(token) => token.clone(),
            Auth::Header(header) => header.value.clone(),
        }
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Basic {
    /// The name of the user.
    pub username: String,
    /// The password of the user.
    pub password: Secret,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// The name of the header.
    pub name: String,
    /// Its value.
    pub value: Secret,
}

/// An open connection of the kind `web`.
pub struct Web {
    pub settings: Settings,
    pub address: Url,
    /// Carries the login, to the origin of the address only.
    pub http: http::Client,
    browser: Pool,
    /// Whether browsers have something to do here.
    has_login: bool,
}

impl Web {
    /// The browser sessions of this application.
    pub fn browser(&self) -> &Pool {
        &self.browser
    }
}

impl Connection for Web {
    const KIND: &'static str = "web";
    const EXAMPLE: &'static str = "\
backoffice:
  kind: web
  address: https://office.example.com
  sessions: 4
  auth: { bearer: \"{{secrets.office_token}}\" }
  login:
    - open: /login
    - fill: { User: \"{{secrets.office_user}}\", Password: \"{{secrets.office_password}}\" }
    - submit: Sign in
  logged_in: Sign out
";
    type Settings = Settings;

    fn open(settings: Settings, house: &House) -> Result<Web, Fault> {
        let wrong = |what: String| {
            Fault::business(
                "connection.settings",
                format!("connection `{}`: {what}", house.name),
            )
        };
        let address = address(&settings.address).map_err(wrong)?;
        let headers = headers(&settings).map_err(wrong)?;
        let http = http::Client::open(Some(http::Home {
            address: address.clone(),
            headers,
            secrets: settings.auth.iter().map(Auth::secret).collect(),
        }))?;
        let has_login = !settings.login.is_empty();
        let browser = BrowserSettings {
            login: settings.login.clone(),
            logged_in: settings.logged_in.clone(),
            browser: settings.browser.clone(),
        };
        let browser = Pool::new(browser, &settings.address, house)?;
        Ok(Web {
            settings,
            address,
            http,
            browser,
            has_login,
        })
    }

    async fn test(&self) -> Result<String, Fault> {
        let answer = self.http.probe().await?;
        match self.has_login {
            true => Ok(format!("{answer}; {}", self.browser.test().await?)),
            false => Ok(answer),
        }
    }

    async fn close(&self) {
        self.browser.close().await;
    }
}

/// What is wrong with the address of a connection.
///
/// # Errors
///
/// In words, when it is none.
pub fn check_address(text: &str) -> Result<(), String> {
    address(text).map(drop)
}

fn address(text: &str) -> Result<Url, String> {
    let url =
        Url::parse(text).map_err(|err| format!("the address `{text}` is not a URL: {err}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("the address `{text}` is not an http or https URL"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the address holds a login, which belongs under `auth`".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(format!("the address `{text}` has more than a path"));
    }
    Ok(url)
}

fn headers(settings: &Settings) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    let mut add = |name: &str, value: &str| {
        let key: HeaderName = name
            .parse()
            .map_err(|_| format!("`{name}` is not the name of a header"))?;
        // The message must not show the value: it may be a secret.
        let mut value = HeaderValue::from_str(value).map_err(|_| {
            format!(
                "the header `{name}` has a value with a line break or another control character"
            )
        })?;
        value.set_sensitive(true);
        headers.insert(key, value);
        Ok::<(), String>(())
    };
    for (name, value) in &settings.headers {
        add(name, value)?;
    }
    match &settings.auth {
        None => (),
        Some(Auth::Basic(basic)) => {
            let login = format!("{}:{}", basic.username, basic.password.reveal());
            add(
                AUTHORIZATION.as_str(),
                &format!("Basic {}", STANDARD.encode(login)),
            )?;
        }
        Some(Auth::Bearer(token)) => add(
            AUTHORIZATION.as_str(),
            &format!("Bearer {}", token.reveal()),
        )?,
        Some(Auth::Header(header)) => add(&header.name, header.value.reveal())?,
    }
    Ok(headers)
}
