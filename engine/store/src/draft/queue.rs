//! What waits for people, and where they find it.

use botswain_core::{ExceptionId, Hash, index::Exception};

use super::{Before, Draft, Highest, NOTHING};
use crate::{
    error::AppendError,
    inbox::{self, Cluster},
    key,
};

impl Draft<'_> {
    pub(super) fn exception(
        &mut self,
        id: ExceptionId,
        after: Option<&Exception>,
        highest: &mut Highest,
    ) -> Result<(), AppendError> {
        highest.exception = highest.exception.max(id.0);
        let key = key::exception(id);
        let (before, lies) = self.get::<Exception>(&key)?;
        self.queue(before.as_ref(), after)?;
        match after {
            Some(exception) => {
                highest.open += u64::from(before.is_none());
                self.put(key, lies, exception);
            }
            None => {
                highest.open -= u64::from(before.is_some());
                self.remove(key, lies);
            }
        }
        Ok(())
    }

    /// Where it is found by people.
    fn queue(
        &mut self,
        before: Option<&Exception>,
        after: Option<&Exception>,
    ) -> Result<(), AppendError> {
        let keys = |it: Option<&Exception>| it.map(inbox::keys).unwrap_or_default();
        let (old, new) = (keys(before), keys(after));
        for left in old.difference(&new) {
            self.remove(left.clone(), Before::Unread);
        }
        // Its number is in each of them, and nobody else's.
        let lies = before.map_or(NOTHING, |_| Before::Unread);
        for joined in new.difference(&old) {
            self.put(joined.clone(), lies, &());
        }
        let leave = |it: Option<Cluster>, left: &Exception| it.map(|it| it.without(left));
        match (before, after) {
            (Some(before), Some(after)) if before.fingerprint == after.fingerprint => {
                let change = |it| Some(Cluster::with(leave(it, before), after));
                self.cluster(&after.fingerprint, change)
            }
            (before, after) => {
                if let Some(before) = before {
                    self.cluster(&before.fingerprint, |it| leave(it, before))?;
                }
                match after {
                    Some(after) => {
                        self.cluster(&after.fingerprint, |it| Some(Cluster::with(it, after)))
                    }
                    None => Ok(()),
                }
            }
        }
    }

    fn cluster(
        &mut self,
        cause: &Hash,
        change: impl FnOnce(Option<Cluster>) -> Option<Cluster>,
    ) -> Result<(), AppendError> {
        let key = inbox::cluster(cause);
        let (before, lies) = self.get::<Cluster>(&key)?;
        let last = before.as_ref().map(|cluster| cluster.last);
        let after = change(before).filter(|cluster| cluster.count > 0);
        if let Some(last) = last.filter(|last| after.as_ref().is_none_or(|it| it.last != *last)) {
            self.remove(inbox::latest(last), Before::Unread);
        }
        match after {
            Some(cluster) => {
                if last != Some(cluster.last) {
                    self.put(inbox::latest(cluster.last), Before::Unread, cause);
                }
                self.put(key, lies, &cluster);
            }
            None => self.remove(key, lies),
        }
        Ok(())
    }
}
