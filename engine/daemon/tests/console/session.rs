//! Somebody who has signed in and speaks to the API without a browser.

use reqwest::{Client, Method, RequestBuilder, Response, header, redirect::Policy};
use serde_json::Value;

use crate::house::{House, PASSWORD};

pub(crate) struct Session {
    http: Client,
    url: String,
    /// What the cookie holds, and what shows that a change comes from this session.
    pub(crate) token: String,
    pub(crate) proof: String,
    cookie: String,
}

impl Session {
    pub(crate) async fn open(house: &House, name: &str) -> Session {
        // Once for all; it may have been done already.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = Client::builder().redirect(Policy::none()).build().unwrap();
        let form = [("name", name), ("password", PASSWORD)];
        let login = http.post(format!("{}/login", house.url)).form(&form);
        let answer = login.send().await.unwrap();
        let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let inbox = http.get(format!("{}/inbox", house.url));
        let inbox = inbox.header(header::COOKIE, &cookie).send().await.unwrap();
        let page = inbox.text().await.unwrap();
        let (_, proof) = page.split_once("name=\"csrf\" value=\"").unwrap();
        Session {
            http,
            url: house.url.clone(),
            token: cookie.split_once('=').unwrap().1.to_owned(),
            proof: proof.split('"').next().unwrap().to_owned(),
            cookie,
        }
    }

    /// The same somebody at the daemon that runs now: a session outlives a daemon.
    pub(crate) fn follow(&mut self, house: &House) {
        let port = |url: &str| url.rsplit(':').next().unwrap().to_owned();
        self.cookie = self.cookie.replace(&port(&self.url), &port(&house.url));
        self.url.clone_from(&house.url);
    }

    pub(crate) fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        let request = request.header(header::COOKIE, &self.cookie);
        request.header("x-csrf-token", &self.proof)
    }

    /// A form, which proves itself where it comes from.
    pub(crate) fn form(&self, path: &str) -> RequestBuilder {
        let request = self.http.post(format!("{}{path}", self.url));
        request.header(header::COOKIE, &self.cookie)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.ask(Method::POST, path).json(body)
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.ask(Method::GET, path).send().await.unwrap()
    }
}
