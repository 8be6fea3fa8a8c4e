use std::sync::{Arc, PoisonError, RwLock};

use crate::store::Store;

/// The connections that a worker has at present. They are replaced when they hang, under work that goes on.
#[derive(Debug, Clone)]
pub(crate) struct Link(Arc<RwLock<Store>>);

impl Link {
    pub fn new(store: Store) -> Self {
        Self(Arc::new(RwLock::new(store)))
    }

    pub fn now(&self) -> Store {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts new ones in their place; gives the old ones.
    pub fn replace(&self, store: Store) -> Store {
        std::mem::replace(&mut *self.0.write().unwrap_or_else(PoisonError::into_inner), store)
    }
}
