use super::*;
use crate::instance::Instance;

const ANN: &str = "correct horse battery";

fn here() -> IpAddr {
    [127, 0, 0, 1].into()
}

pub(super) fn folder() -> (tempfile::TempDir, Private) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("botswain.yaml"), "name: x\n").unwrap();
    let private = Instance::at(folder.path()).unwrap().prepare().unwrap();
    (folder, private)
}

async fn with_ann(private: &Private) -> Accounts {
    let accounts = Accounts::open(private).unwrap();
    let token = accounts.offer_setup().unwrap();
    accounts
        .set_up(&token, "ann", ANN.to_owned())
        .await
        .unwrap();
    accounts
}

#[tokio::test]
async fn the_first_admin_is_made_once_by_who_holds_the_newest_link() {
    let (_folder, private) = folder();
    let accounts = Accounts::open(&private).unwrap();
    let old = accounts.offer_setup().unwrap();
    let new = accounts.offer_setup().unwrap();
    for wrong in [old.as_str(), "", "x"] {
        let refused = accounts.set_up(wrong, "eve", ANN.to_owned()).await;
        assert!(matches!(refused, Err(Refusal::NoSetup)), "{wrong}");
    }
    accounts.set_up(&new, "ann", ANN.to_owned()).await.unwrap();
    let again = accounts.set_up(&new, "eve", ANN.to_owned()).await;
    assert!(matches!(again, Err(Refusal::NoSetup)));
    assert!(accounts.offer_setup().is_none());
    assert_eq!(accounts.people()[0].role, Role::Admin);
}

#[tokio::test]
async fn the_link_of_the_first_admin_is_dead_once_somebody_came_in_by_another_way() {
    let (_folder, private) = folder();
    let accounts = Accounts::open(&private).unwrap();
    let token = accounts.offer_setup().unwrap();
    let handler = (Role::Handler, Vec::new());
    accounts.add("ann", ANN.to_owned(), handler).await.unwrap();
    let late = accounts.set_up(&token, "eve", ANN.to_owned()).await;
    assert!(matches!(late, Err(Refusal::NoSetup)));
    assert!(!accounts.has("eve"));
}

#[tokio::test]
async fn a_session_outlives_the_daemon_and_ends_with_its_account() {
    let (_folder, private) = folder();
    let accounts = with_ann(&private).await;
    let wrong = accounts.sign_in("ann", "wrong".to_owned(), here()).await;
    assert!(matches!(wrong, Err(Refusal::Wrong)));
    let nobody = accounts.sign_in("nobody", ANN.to_owned(), here()).await;
    assert!(matches!(nobody, Err(Refusal::Wrong)));
    let token = accounts
        .sign_in("ann", ANN.to_owned(), here())
        .await
        .unwrap();
    drop(accounts);

    let text = std::fs::read_to_string(private.accounts()).unwrap();
    assert!(!text.contains(&token) && !text.contains(ANN), "{text}");
    let accounts = Accounts::open(&private).unwrap();
    assert_eq!(accounts.principal(&token).unwrap().name, "ann");
    assert!(accounts.principal("x").is_none());

    accounts
        .add(
            "ben",
            ANN.to_owned(),
            (Role::Handler, vec!["buyers".to_owned()]),
        )
        .await
        .unwrap();
    let ben = accounts
        .sign_in("ben", ANN.to_owned(), here())
        .await
        .unwrap();
    let principal = accounts.principal(&ben).unwrap();
    assert_eq!(
        (principal.role, &*principal.groups),
        (Role::Handler, &["buyers".to_owned()][..])
    );
    let change = Change {
        role: Some(Role::Viewer),
        ..Change::default()
    };
    accounts.alter("ben", change).await.unwrap();
    assert!(accounts.principal(&ben).is_none());
    accounts.sign_out(&token).unwrap();
    assert!(accounts.principal(&token).is_none());
}

#[tokio::test]
async fn what_is_no_name_or_no_password_is_refused_and_somebody_stays_admin() {
    let (_folder, private) = folder();
    let accounts = with_ann(&private).await;
    let new = |name: &str, password: &str| {
        let (name, password) = (name.to_owned(), password.to_owned());
        let accounts = &accounts;
        async move {
            accounts
                .add(&name, password, (Role::Viewer, Vec::new()))
                .await
        }
    };
    for name in ["", "Ann", "a b", "../x", "-a", "a\n", &"a".repeat(64)] {
        assert!(
            matches!(new(name, ANN).await, Err(Refusal::BadName(_))),
            "{name}"
        );
    }
    for password in ["short", "zzzzzzzzzzzz", "my ben is here", &"x1".repeat(200)] {
        assert!(
            matches!(new("ben", password).await, Err(Refusal::Weak(_))),
            "{password}"
        );
    }
    assert!(matches!(new("ann", ANN).await, Err(Refusal::Taken(_))));
    assert!(matches!(accounts.remove("ann"), Err(Refusal::LastAdmin(_))));
    let change = Change {
        role: Some(Role::Author),
        ..Change::default()
    };
    assert!(matches!(
        accounts.alter("ann", change).await,
        Err(Refusal::LastAdmin(_))
    ));
    assert!(matches!(accounts.remove("ben"), Err(Refusal::Unknown(_))));
}

#[tokio::test]
async fn two_installations_share_no_session() {
    let (_a, first) = folder();
    let (_b, second) = folder();
    let (first, second) = (with_ann(&first).await, with_ann(&second).await);
    let session = first.sign_in("ann", ANN.to_owned(), here()).await.unwrap();
    assert!(first.principal(&session).is_some());
    assert!(second.principal(&session).is_none());
    let token = NewToken {
        person: "ann".to_owned(),
        name: "shop".to_owned(),
        role: Role::Admin,
        folders: Vec::new(),
        expires: Timestamp::now() + jiff::SignedDuration::from_hours(1),
    };
    let token = first.add_token(token).unwrap();
    assert!(first.bearer(&token, here()).is_ok());
    assert!(second.bearer(&token, here()).is_err());
}

#[test]
fn a_damaged_file_lets_nobody_make_a_new_admin() {
    let (_folder, private) = folder();
    std::fs::write(private.accounts(), "{").unwrap();
    assert!(matches!(
        Accounts::open(&private),
        Err(Refusal::Damaged { .. })
    ));
}

/// What an app shows now.
fn code(secret: &str) -> String {
    let secret = totp_rs::Secret::Encoded(secret.to_owned()).to_bytes();
    let totp = totp_rs::TOTP::new(totp_rs::Algorithm::SHA1, 6, 0, 30, secret.unwrap());
    totp.unwrap()
        .generate(Timestamp::now().as_second().cast_unsigned())
}

#[tokio::test]
async fn whoever_guesses_codes_waits_though_they_know_the_password() {
    let (_folder, private) = folder();
    let accounts = with_ann(&private).await;
    accounts
        .offer_factor("ann", ANN.to_owned(), here())
        .await
        .unwrap();
    let secret = accounts.offered("ann").unwrap();
    let spares = accounts.set_factor("ann", &code(&secret), here()).unwrap();
    let mut refused = Vec::new();
    for _ in 0..7 {
        let half = match accounts.sign_in("ann", ANN.to_owned(), here()).await {
            Err(Refusal::NeedsCode(half)) => half,
            Err(Refusal::Throttled(_)) => break,
            other => panic!("{other:?}"),
        };
        let guess = accounts.sign_in_with((&half, "ann"), "000000", here());
        refused.push(matches!(guess, Err(Refusal::WrongCode)));
    }
    assert_eq!(refused, [true; 6]);

    // The next daemon has forgotten who guessed, and knows the factor; another key opens nothing.
    drop(accounts);
    let accounts = Accounts::open(&private).unwrap();
    let Err(Refusal::NeedsCode(half)) = accounts.sign_in("ann", ANN.to_owned(), here()).await
    else {
        panic!("it is not asked for");
    };
    let key = std::fs::read(private.key()).unwrap();
    std::fs::remove_file(private.key()).unwrap();
    crate::instance::key::Key::make(&private.key()).unwrap();
    let sealed = accounts.sign_in_with((&half, "ann"), &spares[0], here());
    assert!(matches!(sealed, Err(Refusal::Sealed)), "{sealed:?}");
    std::fs::write(private.key(), key).unwrap();
    accounts
        .sign_in_with((&half, "ann"), &spares[0], here())
        .unwrap();
    // What was shown for a password counts once.
    let again = accounts.sign_in_with((&half, "ann"), &spares[1], here());
    assert!(matches!(again, Err(Refusal::Late)));
}

fn in_sales(role: Role) -> FolderRoles {
    FolderRoles::from([("sales".to_owned(), role)])
}

#[tokio::test]
async fn a_token_may_nowhere_more_than_its_person() {
    let (_folder, private) = folder();
    let accounts = with_ann(&private).await;
    let rights = Rights {
        role: Role::Viewer,
        groups: Vec::new(),
        folders: in_sales(Role::Author),
    };
    accounts.add("mia", ANN.to_owned(), rights).await.unwrap();
    let token = |role: Role| {
        accounts.add_token(NewToken {
            person: "mia".to_owned(),
            name: role.name().to_owned(),
            role,
            folders: Vec::new(),
            expires: Timestamp::now() + SignedDuration::from_hours(1),
        })
    };
    assert!(matches!(token(Role::Admin), Err(Refusal::TooMuch(_))));
    let tokens = [Role::Viewer, Role::Handler, Role::Author].map(|role| (role, token(role)));
    for (role, token) in &tokens {
        let holder = accounts.bearer(token.as_ref().unwrap(), here()).unwrap();
        assert_eq!(
            (holder.role, holder.folders),
            (Role::Viewer, in_sales(*role))
        );
    }
    let change = Change {
        folders: Some(FolderRoles::new()),
        ..Change::default()
    };
    accounts.alter("mia", change).await.unwrap();
    for (_, token) in &tokens {
        let holder = accounts.bearer(token.as_ref().unwrap(), here()).unwrap();
        assert_eq!(
            (holder.role, holder.folders),
            (Role::Viewer, FolderRoles::new())
        );
    }
}

#[tokio::test]
async fn a_token_of_folders_may_nothing_elsewhere() {
    let (_folder, private) = folder();
    let accounts = with_ann(&private).await;
    let folders = [
        ("sales", Role::Author),
        ("sales/deep", Role::Handler),
        ("stock", Role::Handler),
    ];
    let folders = folders.map(|(folder, role)| (folder.to_owned(), role));
    let rights = Rights {
        role: Role::Viewer,
        groups: Vec::new(),
        folders: FolderRoles::from(folders),
    };
    accounts.add("mia", ANN.to_owned(), rights).await.unwrap();
    let token = |name: &str, role: Role, folders: &[&str]| {
        accounts.add_token(NewToken {
            person: "mia".to_owned(),
            name: name.to_owned(),
            role,
            folders: folders.iter().map(|it| (*it).to_owned()).collect(),
            expires: Timestamp::now() + SignedDuration::from_hours(1),
        })
    };
    let may = |token: &str| {
        let holder = accounts.bearer(token, here()).unwrap();
        assert_eq!(holder.role, Role::None);
        let of = ["sales", "sales/deep", "sales/other", "stock", "salesmen"];
        of.map(|folder| holder.role.in_folder(&holder.folders, folder))
    };
    let (none, read) = (Role::None, Role::Viewer);
    let (handle, write) = (Role::Handler, Role::Author);
    let sales = token("sales", write, &["sales"]).unwrap();
    // What holds for a folder holds below it, whatever else is said there.
    assert_eq!(may(&sales), [write, write, write, none, none]);
    let reading = token("reading", read, &["sales", "salesmen"]).unwrap();
    assert_eq!(may(&reading), [read, read, read, none, read]);
    let deep = token("deep", write, &["sales/deep"]).unwrap();
    assert_eq!(may(&deep), [none, write, none, none, none]);
    let stock = token("stock", handle, &["stock"]).unwrap();
    assert_eq!(may(&stock), [none, none, none, handle, none]);
    assert!(matches!(
        token("much", write, &["stock"]),
        Err(Refusal::TooMuch(_))
    ));
    for (role, folder) in [(Role::Admin, "sales"), (Role::None, "sales")] {
        let refused = token("odd", role, &[folder]);
        assert!(matches!(refused, Err(Refusal::FolderRole(_))), "{role:?}");
    }
    let refused = token("odd", read, &["../sales"]);
    assert!(matches!(refused, Err(Refusal::BadFolder(_))));
    // It may no more than its person, also when that becomes less.
    let change = Change {
        role: Some(Role::None),
        folders: Some(in_sales(Role::Viewer)),
        ..Change::default()
    };
    accounts.alter("mia", change).await.unwrap();
    assert_eq!(may(&sales), [read, read, read, none, none]);
    assert_eq!(may(&stock), [none; 5]);
}

#[tokio::test]
async fn nobody_is_admin_of_a_folder_and_no_folder_leads_out() {
    let (_folder, private) = folder();
    let accounts = with_ann(&private).await;
    let give = async |folder: &str, role: Role| {
        let folders = Some(FolderRoles::from([(folder.to_owned(), role)]));
        let change = Change {
            folders,
            ..Change::default()
        };
        accounts.alter("ann", change).await
    };
    for role in [Role::None, Role::Admin] {
        assert!(matches!(
            give("sales", role).await,
            Err(Refusal::FolderRole(_))
        ));
    }
    for folder in [
        "", "/", "..", "a/../b", "a//b", ".git", "a/", " a", "a\n", "a\\b",
    ] {
        let refused = give(folder, Role::Author).await;
        assert!(matches!(refused, Err(Refusal::BadFolder(_))), "{folder:?}");
    }
    for folder in ["sales/export", "Head Office", "采购"] {
        give(folder, Role::Author).await.unwrap();
    }
}

#[tokio::test]
async fn accounts_of_before_there_were_folders_are_read() {
    let (_folder, private) = folder();
    let accounts = with_ann(&private).await;
    let text = std::fs::read_to_string(private.accounts()).unwrap();
    assert!(!text.contains("folders"), "{text}");
    drop(accounts);
    let accounts = Accounts::open(&private).unwrap();
    assert_eq!(accounts.people()[0].folders, FolderRoles::new());
}
