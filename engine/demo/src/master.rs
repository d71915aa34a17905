//! Customers, products and suppliers, as the office knows them at its start.
//!
//! Read from three CSV files: those of the Northwind company are compiled in,
//! others come from a folder. Codes, SKUs and ids are text; a price is exact.

use std::io::Read;
use std::path::Path;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize, Serializer};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// Five letters, such as `ALFKI`.
    pub code: String,
    pub name: String,
    pub contact: String,
    pub address: String,
    pub city: String,
    pub postal_code: String,
    pub country: String,
    pub phone: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supplier {
    pub id: String,
    pub name: String,
    pub contact: String,
    pub address: String,
    pub city: String,
    pub postal_code: String,
    pub country: String,
    pub phone: String,
    /// Where orders go. Made up when the file has no such column.
    #[serde(default)]
    pub email: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Product {
    /// Four digits for the products of Northwind: `0011`.
    pub sku: String,
    pub name: String,
    /// The id of its supplier.
    pub supplier: String,
    pub category: String,
    pub quantity_per_unit: String,
    #[serde(serialize_with = "exact")]
    pub price: Decimal,
    pub stock: u32,
    pub on_order: u32,
    pub reorder_level: u32,
    pub discontinued: bool,
}

impl Product {
    /// On the shelf or on its way.
    pub fn available(&self) -> u32 {
        self.stock.saturating_add(self.on_order)
    }

    /// Fewer on the shelf than there should be, and still for sale.
    pub fn is_low(&self) -> bool {
        !self.discontinued && self.stock < self.reorder_level
    }
}

/// What the office starts with.
#[derive(Clone, Debug, Default)]
pub struct MasterData {
    pub customers: Vec<Customer>,
    pub products: Vec<Product>,
    pub suppliers: Vec<Supplier>,
}

/// Why master data could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("`{file}` cannot be opened: {source}")]
    Open {
        file: String,
        source: std::io::Error,
    },
    #[error("`{file}` does not read: {source}")]
    Read { file: String, source: csv::Error },
    #[error("`{file}` has the price `{price}`, which is no decimal")]
    Price { file: String, price: String },
}

const CUSTOMERS: &str = include_str!("../../../samples/northwind/customers.csv");
const PRODUCTS: &str = include_str!("../../../samples/northwind/products.csv");
const SUPPLIERS: &str = include_str!("../../../samples/northwind/suppliers.csv");

impl MasterData {
    /// The Northwind company: 91 customers, 77 products, 29 suppliers.
    ///
    /// # Panics
    /// Never: the files are compiled in, and a test reads them.
    pub fn northwind() -> MasterData {
        let read = || -> Result<MasterData, Error> {
            Ok(MasterData {
                customers: rows("customers.csv", CUSTOMERS.as_bytes())?,
                products: products("products.csv", PRODUCTS.as_bytes())?,
                suppliers: suppliers("suppliers.csv", SUPPLIERS.as_bytes())?,
            })
        };
        read().expect("the compiled-in master data read")
    }

    /// `customers.csv`, `products.csv` and `suppliers.csv` of a folder, with the
    /// columns of the Northwind files.
    pub fn from_folder(folder: &Path) -> Result<MasterData, Error> {
        Ok(MasterData {
            customers: rows("customers.csv", open(folder, "customers.csv")?)?,
            products: products("products.csv", open(folder, "products.csv")?)?,
            suppliers: suppliers("suppliers.csv", open(folder, "suppliers.csv")?)?,
        })
    }

    pub fn customer(&self, code: &str) -> Option<&Customer> {
        self.customers.iter().find(|customer| customer.code == code)
    }

    pub fn product(&self, sku: &str) -> Option<&Product> {
        self.products.iter().find(|product| product.sku == sku)
    }

    pub fn supplier(&self, id: &str) -> Option<&Supplier> {
        self.suppliers.iter().find(|supplier| supplier.id == id)
    }

    /// The products of one supplier, in order of their SKU.
    pub fn supplied_by<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a Product> {
        self.products
            .iter()
            .filter(move |product| product.supplier == id)
    }
}

fn open(folder: &Path, file: &str) -> Result<std::fs::File, Error> {
    let path = folder.join(file);
    std::fs::File::open(&path).map_err(|source| Error::Open {
        file: path.display().to_string(),
        source,
    })
}

fn rows<T: for<'de> Deserialize<'de>>(file: &str, source: impl Read) -> Result<Vec<T>, Error> {
    let rows: Result<Vec<T>, csv::Error> = csv::Reader::from_reader(source).deserialize().collect();
    rows.map_err(|source| Error::Read {
        file: file.to_owned(),
        source,
    })
}

fn suppliers(file: &str, source: impl Read) -> Result<Vec<Supplier>, Error> {
    let mut suppliers: Vec<Supplier> = rows(file, source)?;
    for supplier in &mut suppliers {
        if supplier.email.is_empty() {
            supplier.email = format!("orders@supplier-{}.example", supplier.id);
        }
    }
    Ok(suppliers)
}

/// A line of `products.csv`.
#[derive(Deserialize)]
struct Row {
    id: u32,
    name: String,
    supplier_id: String,
    category: String,
    quantity_per_unit: String,
    unit_price: String,
    units_in_stock: u32,
    units_on_order: u32,
    reorder_level: u32,
    discontinued: u8,
}

fn products(file: &str, source: impl Read) -> Result<Vec<Product>, Error> {
    let rows: Vec<Row> = rows(file, source)?;
    rows.into_iter().map(|row| product(file, row)).collect()
}

fn product(file: &str, row: Row) -> Result<Product, Error> {
    let mut price: Decimal = row.unit_price.parse().map_err(|_| Error::Price {
        file: file.to_owned(),
        price: row.unit_price,
    })?;
    if price.scale() < 2 {
        price.rescale(2);
    }
    Ok(Product {
        sku: format!("{:04}", row.id),
        name: row.name,
        supplier: row.supplier_id,
        category: row.category,
        quantity_per_unit: row.quantity_per_unit,
        price,
        stock: row.units_in_stock,
        on_order: row.units_on_order,
        reorder_level: row.reorder_level,
        discontinued: row.discontinued != 0,
    })
}

/// A decimal as a JSON number with its own digits.
pub fn number(decimal: Decimal) -> serde_json::Number {
    serde_json::Number::from_string_unchecked(decimal.to_string())
}

fn exact<S: Serializer>(decimal: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    number(*decimal).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn northwind_is_whole() {
        let data = MasterData::northwind();
        let counts = (
            data.customers.len(),
            data.products.len(),
            data.suppliers.len(),
        );
        assert_eq!(counts, (91, 77, 29));
        let cheese = data.product("0011").unwrap();
        assert_eq!((cheese.name.as_str(), cheese.stock), ("Queso Cabrales", 22));
        assert_eq!(number(cheese.price).to_string(), "21.00");
        assert!(
            data.products
                .iter()
                .all(|product| data.supplier(&product.supplier).is_some())
        );
        assert_eq!(
            data.supplier("9").unwrap().email,
            "orders@supplier-9.example"
        );
    }

    #[test]
    fn a_folder_is_read_and_its_mistakes_are_named() {
        let folder = tempfile::tempdir().unwrap();
        for (file, text) in [
            ("customers.csv", CUSTOMERS),
            ("products.csv", PRODUCTS),
            ("suppliers.csv", SUPPLIERS),
        ] {
            std::fs::write(folder.path().join(file), text).unwrap();
        }
        let data = MasterData::from_folder(folder.path()).unwrap();
        assert_eq!(data.customer("ALFKI").unwrap().city, "Berlin");

        let broken = PRODUCTS.replacen(",18,39,", ",cheap,39,", 1);
        std::fs::write(folder.path().join("products.csv"), broken).unwrap();
        let error = MasterData::from_folder(folder.path()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`products.csv` has the price `cheap`, which is no decimal"
        );
        std::fs::remove_file(folder.path().join("customers.csv")).unwrap();
        let error = MasterData::from_folder(folder.path()).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("customers.csv` cannot be opened")
        );
    }
}
