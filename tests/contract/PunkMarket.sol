// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.0;

// Emits what CryptoPunksMarket emits, in its order, with its quirks: an accepted bid is logged with value 0 and buyer 0x0,
// a replaced bid is refunded in silence. Nobody pays, and nobody is stopped; prices are arguments.
contract PunkMarket {
    struct Bid {
        address bidder;
        uint256 value;
    }

    mapping(uint256 => address) public owner;
    mapping(uint256 => Bid) public bids;

    event Assign(address indexed to, uint256 punkIndex);
    event Transfer(address indexed from, address indexed to, uint256 value);
    event PunkTransfer(address indexed from, address indexed to, uint256 punkIndex);
    event PunkOffered(uint256 indexed punkIndex, uint256 minValue, address indexed toAddress);
    event PunkBidEntered(uint256 indexed punkIndex, uint256 value, address indexed fromAddress);
    event PunkBidWithdrawn(uint256 indexed punkIndex, uint256 value, address indexed fromAddress);
    event PunkBought(uint256 indexed punkIndex, uint256 value, address indexed fromAddress, address indexed toAddress);
    event PunkNoLongerForSale(uint256 indexed punkIndex);

    function getPunk(uint256 punk) external {
        owner[punk] = msg.sender;
        emit Assign(msg.sender, punk);
    }

    function offerPunkForSale(uint256 punk, uint256 price, address to) external {
        emit PunkOffered(punk, price, to);
    }

    function punkNoLongerForSale(uint256 punk) external {
        emit PunkNoLongerForSale(punk);
    }

    function buyPunk(uint256 punk, uint256 price) external {
        address seller = owner[punk];
        owner[punk] = msg.sender;
        emit Transfer(seller, msg.sender, 1);
        emit PunkNoLongerForSale(punk);
        emit PunkBought(punk, price, seller, msg.sender);
        if (bids[punk].bidder == msg.sender) delete bids[punk];
    }

    function enterBidForPunk(uint256 punk, uint256 value) external {
        bids[punk] = Bid(msg.sender, value);
        emit PunkBidEntered(punk, value, msg.sender);
    }

    function withdrawBidForPunk(uint256 punk) external {
        emit PunkBidWithdrawn(punk, bids[punk].value, msg.sender);
        delete bids[punk];
    }

    function acceptBidForPunk(uint256 punk) external {
        address seller = owner[punk];
        address bidder = bids[punk].bidder;
        require(bidder != address(0), "no bid stands");
        owner[punk] = bidder;
        emit Transfer(seller, bidder, 1);
        delete bids[punk];
        emit PunkBought(punk, bids[punk].value, seller, bids[punk].bidder);
    }

    function transferPunk(address to, uint256 punk) external {
        owner[punk] = to;
        emit Transfer(msg.sender, to, 1);
        emit PunkTransfer(msg.sender, to, punk);
        if (bids[punk].bidder == to) delete bids[punk];
    }
}

// Describes punks as CryptoPunksData does.
contract PunkTraits {
    function punkAttributes(uint16 punk) external pure returns (string memory) {
        if (punk == 0) return "Female 2, Earring, Blonde Bob, Green Eye Shadow";
        if (punk == 1) return "Male 1, Smile, Mohawk";
        if (punk == 2) return "Alien, Headband";
        return "Male 4";
    }
}
