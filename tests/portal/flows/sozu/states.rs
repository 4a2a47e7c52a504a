//! States as files: whole, private, and gone when they were read.

use super::{SAFETY_LIMITS, expect_same};
use crate::harness::sozu::{Rig, free, spec};
use guichet::testing::edge::{reconciler::Reconciler, render::render};
use std::{
    fs::{self, DirBuilder, Permissions},
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::Path,
};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn files(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn the_kept_state_is_private_and_the_next_sozu_begins_with_it() {
    let rig = Rig::start().await;
    let folder = rig.path().join("open");
    DirBuilder::new().mode(0o755).create(&folder).unwrap();
    fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
    let sozu = guichet::testing::edge::sozu::Sozu::start(&rig.socket, &folder).unwrap();
    assert_eq!(mode(&folder), 0o700, "a folder that others could read is closed to them");
    let mut reconciler = Reconciler::new(sozu, SAFETY_LIMITS);
    let spec = spec(&["a.sites.test", "b.sites.test"], &[("one", free())]);
    let outcome = reconciler.reconcile(&spec).await.unwrap();
    assert!(!outcome.steps.is_empty());

    let observed = reconciler.sozu().observe().await.unwrap();
    assert!(files(&folder).is_empty(), "what was observed is not left lying: {:?}", files(&folder));
    expect_same(&observed, &render(&spec).unwrap().state);

    for _ in 0..2 {
        reconciler.sozu().save_state().await.unwrap();
        assert_eq!(files(&folder), ["sozu.state"]);
        assert_eq!(mode(&folder.join("sozu.state")), 0o600);
    }
    let kept = fs::read(folder.join("sozu.state")).unwrap();
    assert!(kept.windows(11).any(|text| text == b"PRIVATE KEY"), "this is why it has to be private");

    drop(rig);
    let next = Rig::beginning_with(&kept).await;
    expect_same(&observed, &next.sozu().observe().await.unwrap());
}
