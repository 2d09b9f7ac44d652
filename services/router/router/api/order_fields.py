"""What orders have, as they are sent and as they are answered, beside that on which routing depends."""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


OF_ORDERS = _names("""
    additionalServices addtionalServices client clientId comments currecy currency deliveryAddress deliveryOperator
    deliveryTerms externalId invoice orderDate paymentTerm pickupPointId postiCustomerId print promisedDeliveryDateTime
    recipient requestedDeliveryDate requestedShipDate routingServiceCode sender serviceCode status statuses totalPrice
    totalTax totalWeight totalWholeSalePrice trackingCodes vendor
""")
OF_METADATA = _names("""
    client creationDateTime documentTyepe documentType externalUserId insertDate language orderType sourceOrganization
    updateDate warehouse
""")
OF_PREFERENCES = _names("autoSubmit reservationId")
OF_ROWS = _names("""
    additionalServices addtionalServices backOrderCancelled cancelledQuantity comments crossDocking
    deliveredQuantity deliveryOperator lastRoutedDateTime lotNumber packageType price print productCategory
    productDescription productTariffCode productUnitOfMeasure reason returnedQuantity returnIds returningQuantity
    routedWarehouses routingServiceCode serialNo serviceCode shipmentIds status statuses toBeRoutedQuantity
    trackingCodes vatPercentage volume waitingQuantity warehouse weight
""")
